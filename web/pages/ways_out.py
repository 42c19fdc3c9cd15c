"""Ways out of an answer without a hit: wider questions, each with the number of its pictures."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import gettext

from search.query.filters.grammar import parse
from search.query.records import Answer, Query
from web.pages.filter_form import facet_of_text, filters_in, without_choice
from web.pages.filter_labels import label
from web.requests.search_url import SearchUrl
from web.state import engine, state


@dataclass(frozen=True, slots=True)
class WayOut:
    """Another question: what it changes, its address, and how many pictures answer it."""

    label: str
    url: SearchUrl
    count: int


def ways_out(url: SearchUrl, query: Query, answer: Answer) -> list[WayOut]:
    """Return the questions next to one without a hit that pictures answer."""
    ways = []
    if answer.counts is not None and answer.counts.wide and url.strictness != "wide":
        wide = url.but(strictness="wide")
        ways.append(WayOut(gettext("A wider choice"), wide, answer.counts.wide))
    for text, other in _with_fewer_filters(url):
        filters = list(map(parse, other.where))
        ways.append(WayOut(text, other, state().answer_facets.facets(query, filters).pictures))
    if url.collection and url.ranks:
        everywhere = url.but(collection="")
        ways.append(WayOut(gettext("In all collections"), everywhere, _count(everywhere)))
    return [way for way in ways if way.count]


def _with_fewer_filters(url: SearchUrl) -> Iterator[tuple[str, SearchUrl]]:
    """Yield the question without what is chosen in each facet, and without each other filter."""
    for where in url.where:
        facet = facet_of_text(where)
        if not facet:
            other = url.without_filter(where).closed()
        elif where == filters_in(url, facet)[0]:
            other = without_choice(url, facet)
        else:
            continue
        yield gettext("Without the filter %(filter)s", filter=label(where)), other
    if len(url.where) > 1:
        yield gettext("Without filters"), url.but(where=()).closed()


def _count(url: SearchUrl) -> int:
    """Return how many pictures of a question are sure enough."""
    counts = engine().answer(state().queries.query_of(url, 1, 0)).counts
    name = url.strictness or "usual"
    return getattr(counts, name, 0)
