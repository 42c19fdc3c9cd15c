"""The HTML pages: the search page and the page of one picture."""

from time import perf_counter

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse
from werkzeug.datastructures import FileStorage

from search.errors import BadPicture, EncoderUnavailable, SpaceMismatch
from search.filters.contradictions import contradiction
from search.pictures.thumbnails import thumbnail
from search.query.checks import MOST_HITS
from web.api.films import moment_of
from web.links import API
from web.pages.chips import marks, query_of, shown
from web.pages.filter_form import narrowed
from web.pages.filter_panel import panel_of
from web.pages.neighbours import neighbours
from web.pages.refused_forms import comes_back
from web.pages.similar import Likeness, likeness
from web.requests.query_form import LARGEST_ID, count, identity
from web.requests.search_url import PAGE_HITS, Asked
from web.services import collection_admin
from web.state import engine, state

pages = Blueprint("pages", __name__)

# A picture that was sent, large enough to choose a part of it.
HELD_PX = 960


@pages.get("/")
def search() -> str:
    """The search page: its collections before a search, its hits after one."""
    return answered(Asked.of(request.args))


def question(**_: object) -> str:
    """Return the page that a form stands on which brings its question along, or its picture."""
    asked = Asked.of(request.values)
    on = request.values.get("on", "")
    return of_picture(identity("on", on), asked) if on else answered(asked)


def answered(asked: Asked) -> str:
    """Return the search page of a question."""
    if not asked.anything or _nothing_held(asked):
        gathered = collection_admin.everything()
        return render_template(
            "welcome.html",
            asked=asked,
            chips=shown(asked),
            marks=marks(asked),
            gathered=gathered,
            names=[each.name for each in gathered if each.summary is not None],
            warmup=state().warmup,
        )
    last = min(asked.start + PAGE_HITS - 1, MOST_HITS)
    panel = None
    if asked.panel:
        within = (asked.collection,) if asked.collection else ()
        panel = panel_of(asked, engine().facets(within, asked.filter))
    began_s = perf_counter()
    answer = engine().answer(query_of(asked, last + 1 - asked.start, asked.start - 1))
    hits = answer.hits
    return render_template(
        "results.html",
        asked=asked,
        chips=shown(asked),
        marks=marks(asked),
        hits=hits,
        cuts=answer.cuts,
        excluding=contradiction(asked.filter) if asked.filter and not hits else (),
        panel=panel,
        took_ms=(perf_counter() - began_s) * 1000,
        before=max(1, asked.start - PAGE_HITS) if asked.start > 1 else None,
        boards=engine().catalog.boards.names(),
        after=last + 1 if hits and hits[-1].rank == last < MOST_HITS else None,
        names=[each.name for each in engine().collections()],
    )


@pages.post("/")
def send() -> AnyResponse:
    """Take the form; a picture in it takes the place of others, and is held under a token."""
    asked = Asked.of(request.form).but()
    if "keep" in request.form:
        asked = asked.with_words_kept()
    sent = [each for each in request.files.getlist("image") if each.filename]
    if sent:
        asked = asked.but(chips=tuple(each for each in asked.chips if each.kind == "text"))
    for each in sent:
        asked = asked.plus("picture", _hold(each))
    return redirect(url_for("pages.search", **asked.address()), 303)


@pages.get("/api", strict_slashes=False)
@pages.get(API, strict_slashes=False)
def api() -> AnyResponse:
    """Lead to the description of the API, which has no page of its own at these addresses."""
    return redirect(url_for("api.docs"))


@pages.get("/narrow")
@comes_back("narrow-{field}", question, "narrow")
def narrow() -> AnyResponse:
    """Take a form of the filter panel: the question with one more filter, or without one."""
    asked = narrowed(request.args)
    if asked.filter is not None:
        # Refused here, where the form can come back, and not by the next page.
        engine().catalog.filters.check(asked.filter)
    return redirect(url_for("pages.search", **asked.address()), 303)


@pages.get("/sent/<token>")
def sent(token: str) -> Response:
    """A picture that was sent, for whoever has its token, to choose a part of it."""
    held = state().held.get(token)
    return Response(thumbnail(held.data, HELD_PX, limits=engine().limits), mimetype="image/webp")


@pages.get(f"/pictures/<int(max={LARGEST_ID}):picture_id>")
def picture(picture_id: int) -> str:
    """One picture, large, with its facts, its captions and what is similar to it."""
    return of_picture(picture_id, Asked.of(request.args))


def of_picture(picture_id: int, asked: Asked) -> str:
    """Return the page of a picture, with its place in the answer to a question."""
    found = engine().picture(picture_id)
    rank = count(request.args["rank"], "rank") if request.args.get("rank") else None
    alike = Likeness()
    unlike = ""
    try:
        alike = likeness(found)
        beside = neighbours(asked, picture_id, rank)
    except (EncoderUnavailable, SpaceMismatch) as error:  # the picture can be shown all the same
        unlike, beside = str(error), None
    return render_template(
        "picture.html",
        asked=asked,
        chips=shown(asked),
        marks=marks(asked),
        picture=found,
        alike=alike,
        moment=moment_of(found),
        like=Asked(collection=found.collection).plus("similar", picture_id),
        unlike=unlike,
        boards=engine().catalog.boards.names(),
        beside=beside,
    )


def _hold(file: FileStorage) -> str:
    """Hold a picture that was sent; who sent several is told which can't be read."""
    try:
        return state().held.hold(file.read())
    except BadPicture as error:
        name = repr((file.filename or "")[:80])
        raise BadPicture(str(error).replace("the picture", name, 1), error.reason) from error


def _nothing_held(asked: Asked) -> bool:
    """Whether all pictures are asked for, and there is no collection that could hold one."""
    return not (asked.ranks or asked.collection or engine().collections())
