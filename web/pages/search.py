"""The search page and the page of one picture."""

from time import perf_counter

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse
from werkzeug.datastructures import FileStorage

from search.errors import BadPicture, EncoderUnavailable, Message, SpaceMismatch
from search.filters.contradictions import contradiction
from search.pictures.reading import THE_PICTURE
from search.pictures.thumbnails import thumbnail
from search.query.limits import LARGEST_ID, MAX_HITS
from web.links import API
from web.pages.chips import marks, shown
from web.pages.filter_form import narrowed
from web.pages.filter_panel import panel_of
from web.pages.neighbours import neighbours
from web.pages.refused_forms import comes_back
from web.pages.similar import Likeness, likeness
from web.requests.query_form import count, identity
from web.requests.search_url import PAGE_HITS, SearchUrl
from web.route import route
from web.services.films import moment_of
from web.state import engine, state

pages = Blueprint("pages", __name__)

# The width of a query image on the page, large enough to choose a crop.
HELD_PX = 960


@route(pages, "/")
def search() -> str:
    """Show the search page: its collections before a search, its hits after one."""
    return answered(SearchUrl.of(request.args))


def question(**_: object) -> str:
    """Return the page of a form that sends its query along: the search page, or a picture's."""
    asked = SearchUrl.of(request.values)
    on = request.values.get("on", "")
    return of_picture(identity("on", on), asked) if on else answered(asked)


def answered(asked: SearchUrl) -> str:
    """Return the search page of a query."""
    if not asked.anything or _nothing_held(asked):
        gathered = state().collections.everything()
        return render_template(
            "welcome.html",
            asked=asked,
            chips=shown(asked),
            marks=marks(asked),
            gathered=gathered,
            names=[each.name for each in gathered if each.summary is not None],
            warmup=state().warmup,
        )
    last = min(asked.start + PAGE_HITS - 1, MAX_HITS)
    panel = None
    if asked.panel:
        within = (asked.collection,) if asked.collection else ()
        panel = panel_of(asked, engine().facets(within, asked.filter))
    began_s = perf_counter()
    query = state().queries.query_of(asked, last + 1 - asked.start, asked.start - 1)
    answer = engine().answer(query)
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
        after=last + 1 if hits and hits[-1].rank == last < MAX_HITS else None,
        names=[each.name for each in engine().collections()],
    )


@route(pages, "/", "POST", scope="read")
def send() -> AnyResponse:
    """Read the form; a new query image replaces other pictures and is stored under a token."""
    asked = SearchUrl.of(request.form).but()
    if "keep" in request.form:
        asked = asked.with_words_kept()
    sent = [each for each in request.files.getlist("image") if each.filename]
    if sent:
        asked = asked.but(chips=tuple(each for each in asked.chips if each.kind == "text"))
    for each in sent:
        asked = asked.plus("picture", _hold(each))
    return redirect(url_for("pages.search", **asked.address()), 303)


@route(pages, "/api", strict_slashes=False)
@route(pages, API, strict_slashes=False)
def api() -> AnyResponse:
    """Redirect to the description of the API, as these addresses have no page."""
    return redirect(url_for("api.docs"))


@route(pages, "/narrow")
@comes_back("narrow-{field}", question, "narrow")
def narrow() -> AnyResponse:
    """Apply a form of the filter panel: the query with one filter added or removed."""
    asked = narrowed(request.args)
    if asked.filter is not None:
        # The check happens here, where the form can come back, and not on the next page.
        engine().catalog.filters.check(asked.filter)
    return redirect(url_for("pages.search", **asked.address()), 303)


@route(pages, "/sent/<token>")
def sent(token: str) -> Response:
    """Return a query image to a client that has its token, to choose a crop."""
    held = state().held.get(token)
    return Response(thumbnail(held.data, HELD_PX, limits=engine().limits), mimetype="image/webp")


@route(pages, f"/pictures/<int(max={LARGEST_ID}):picture_id>")
def picture(picture_id: int) -> str:
    """Show a picture, large, with its facts, captions and similar pictures."""
    return of_picture(picture_id, SearchUrl.of(request.args))


def of_picture(picture_id: int, asked: SearchUrl) -> str:
    """Return the page of a picture, with its rank in the answer to a query."""
    found = engine().picture(picture_id)
    rank = count(request.args["rank"], "rank") if request.args.get("rank") else None
    alike = Likeness()
    unlike: str = ""
    try:
        alike = likeness(found)
        beside = neighbours(asked, picture_id, rank)
    except (EncoderUnavailable, SpaceMismatch) as error:  # the picture itself can still be shown
        unlike, beside = error.message, None
    return render_template(
        "picture.html",
        asked=asked,
        chips=shown(asked),
        marks=marks(asked),
        picture=found,
        alike=alike,
        moment=moment_of(found),
        like=SearchUrl(collection=found.collection).plus("similar", picture_id),
        unlike=unlike,
        boards=engine().catalog.boards.names(),
        beside=beside,
    )


def _hold(file: FileStorage) -> str:
    """Store a query image; a file that can't be read is named in the error."""
    try:
        return state().held.hold(file.read())
    except BadPicture as error:
        name = repr((file.filename or "")[:80])
        text = error.message.replace(THE_PICTURE, name, 1)
        values = {**error.message.values, "name": name}
        message = Message.received(error.message.code, text, values)
        raise BadPicture(error.reason, message) from error


def _nothing_held(asked: SearchUrl) -> bool:
    """Return whether the query asks for all pictures while no collection exists."""
    return not (asked.ranks or asked.collection or engine().collections())
