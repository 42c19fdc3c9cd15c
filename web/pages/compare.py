"""The page that asks both encoder pairs of a collection the same questions."""

from dataclasses import dataclass

from flask import Blueprint, render_template, request

from search.catalog.second_space_errors import answering_by_second
from search.encoders.pool import ENCODER_ERRORS
from search.errors import BadQuery, Message, NotFound
from search.query.records import Hit, Query
from search.query.syntax import parse_query_text
from web.pages.pair_card import may_change
from web.requests.query_form import words
from web.requests.search_url import SearchUrl
from web.route import route
from web.state import engine, state

compare_pages = Blueprint("compare_pages", __name__)

# Each question is asked twice; the others are links.
QUESTIONS_SHOWN = 5
HITS_SHOWN = 8

# A question may name a concept that was removed since, or that suits one of the pairs alone.
REFUSALS = (BadQuery, NotFound, *ENCODER_ERRORS)


@dataclass(frozen=True, slots=True)
class BothAnswers:
    """The hits of both pairs for a question, the present one's first, or why there are none."""

    question: str
    columns: tuple[tuple[Hit, ...], tuple[Hit, ...]] = ((), ())
    refusal: Message | None = None

    @property
    def shared_ids(self) -> set[int]:
        """Return the ids of the pictures that both found."""
        present, other = ({hit.picture.id for hit in hits} for hits in self.columns)
        return present & other


# Others' questions are shown, so it is for those alone who may change the pair by them.
@route(compare_pages, "/collections/<name>/compare", scope="admin")
def compare(name: str) -> str:
    """Show what both pairs find, for a question, or for the last ones of this server's page."""
    collection = engine().catalog.collections.one(name)
    second = answering_by_second(collection)
    question = words(request.args.get("q", "")).strip()
    recent = state().recent_questions.of(collection)
    questions = [question] if question else recent[:QUESTIONS_SHOWN]
    return render_template(
        "compare.html",
        url=SearchUrl(),
        chips=[],
        names=[each.name for each in engine().collections()],
        collection=collection,
        pairs=(collection.space.encoder, second.space.encoder),
        question=question,
        answers=[_ask_both(collection.name, each) for each in questions],
        others=[each for each in recent if each not in questions],
        may_change=may_change(),
    )


def _ask_both(name: str, question: str) -> BothAnswers:
    try:
        query = Query(tuple(parse_query_text(question)), (name,), HITS_SHOWN)
        present, other = (engine().answer(query, second).hits for second in (False, True))
    except REFUSALS as error:
        return BothAnswers(question, refusal=error.outside)
    return BothAnswers(question, (present, other))
