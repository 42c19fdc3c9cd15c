"""The search page and the page of one picture."""

from contextlib import suppress

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from search.errors import EncoderUnavailable, NotFound, SpaceMismatch
from search.picture_facts import FACTS
from search.pictures.thumbnails import thumbnail
from search.query.filters.contradictions import contradiction
from search.query.filters.grammar import parse
from search.query.filters.tree import all_of
from search.query.limits import LARGEST_ID
from web.links import API
from web.pages.chips import chip_views, marks
from web.pages.filter_form import parse_panel_form
from web.pages.filter_panel import panel_of
from web.pages.home import home_page
from web.pages.neighbours import neighbours
from web.pages.refused_forms import comes_back
from web.pages.result_order import rest_of, result_order
from web.pages.shown_page import page_of_results
from web.pages.similar import Likeness, likeness
from web.pages.ways_out import ways_out
from web.requests.query_form import count, identity
from web.requests.search_url import SearchUrl
from web.route import route
from web.services.films import moment_of
from web.state import engine, state

pages = Blueprint("pages", __name__)

NO_WORD_KNOWN = "no-word-known"

SHOWN_NOTES = ("collections-left-out", "words-unknown", "set-too-large")
"""The codes of notes that stand above the hits; the page says why there are none in other words.

How a set of pictures was chosen is told where somebody chose how sure they must be, or an order.
"""

BY_RELEVANCE = "set-by-relevance"

# The width of a query image on the page, large enough to choose a crop.
QUERY_IMAGE_PX = 960


@route(pages, "/")
def search() -> str:
    """Show the search page: its collections before a search, its hits after one."""
    return results_page(SearchUrl.of(request.args))


def question(**_: object) -> str:
    """Return the page of a form that sends its query along: the search page, or a picture's."""
    url = SearchUrl.of(request.values)
    on = request.values.get("on", "")
    return of_picture(identity("on", on), url) if on else results_page(url)


def results_page(url: SearchUrl) -> str:
    """Return the search page of a query."""
    if not url.anything or _is_empty(url):
        return home_page(url)
    page = page_of_results(url)
    answer, size = page.answer, page.size
    if url.q:
        with suppress(NotFound):  # a collection may have been removed meanwhile
            asked = engine().catalog.collections.find(page.query.collections)
            state().recent_questions.note(url, asked)
    hits = answer.hits
    filters_read = [each.where for each in answer.readings if each.where and each.is_applied]
    panel = None
    if url.panel:
        within = (url.collection,) if url.collection else ()
        filters = [*map(parse, filters_read), *([url.filter] if url.filter else [])]
        panel = panel_of(url, engine().facets(within, all_of(filters)))
    sure_hits = [hit for hit in hits if hit.is_sure]
    # Without hits the page says in its heading that no word is known.
    above_hits = {*SHOWN_NOTES, NO_WORD_KNOWN} if sure_hits else {*SHOWN_NOTES}
    above_hits |= {BY_RELEVANCE} if url.strictness or url.sort else set()
    order = result_order(url, page)
    unsure = len(hits) - len(sure_hits)
    return render_template(
        "results.html",
        url=url,
        chips=chip_views(url),
        marks=marks(url),
        hits=hits,
        readings=answer.readings,
        ranks=hits[0].measure != "none" if hits else url.ranks,
        cuts=answer.cuts,
        notes=[note.outside for note in answer.notes if note.code in above_hits],
        not_understood=next((note for note in answer.notes if note.code == NO_WORD_KNOWN), None),
        contradiction=contradiction(url.filter) if url.filter and not hits else (),
        filters_read=filters_read,
        panel=panel,
        links=page.links,
        folded=page.folded_counts,
        years=page.years,
        order=order,
        rest=rest_of(url, size or 0, unsure, answer.confidence is not None) if unsure else None,
        ways_out=ways_out(url, answer) if url.ranks and not sure_hits and url.start == 1 else (),
        is_by_words=answer.confidence is not None,
        boards=engine().catalog.boards.names(),
        names=[collection.name for collection in engine().collections()],
    )


@route(pages, "/", "POST", scope="read")
def send() -> AnyResponse:
    """Read the form; a new query image replaces other pictures and is stored under a token."""
    url = SearchUrl.of(request.form).but()
    if "keep" in request.form:
        url = url.with_words_as_chip()
    files = [file for file in request.files.getlist("image") if file.filename]
    if files:
        url = url.but(chips=tuple(chip for chip in url.chips if chip.kind == "text"))
    for file in files:
        token = state().query_images.store(file.read(), name=repr((file.filename or "")[:80]))
        url = url.plus("picture", token)
    return redirect(url_for("pages.search", **url.address()), 303)


@route(pages, "/api", strict_slashes=False)
@route(pages, API, strict_slashes=False)
def api() -> AnyResponse:
    """Redirect to the description of the API, as these addresses have no page."""
    return redirect(url_for("reference.docs"))


@route(pages, "/narrow")
@comes_back("narrow-{field}", question, "narrow")
def narrow() -> AnyResponse:
    """Apply a form of the filter panel: the query with one filter added or removed."""
    url = parse_panel_form(request.args)
    if url.filter is not None:
        engine().catalog.filters.check(url.filter)  # here the form can still come back
    return redirect(url_for("pages.search", **url.address()), 303)


@route(pages, "/sent/<token>")
def query_image(token: str) -> Response:
    """Return a query image to a client that has its token, to choose a crop."""
    image = state().query_images.get(token)
    return Response(
        thumbnail(image.data, QUERY_IMAGE_PX, limits=engine().limits), mimetype="image/webp"
    )


@route(pages, f"/pictures/<int(max={LARGEST_ID}):picture_id>")
def picture(picture_id: int) -> str:
    """Show a picture, large, with its facts, captions and similar pictures."""
    return of_picture(picture_id, SearchUrl.of(request.args))


def of_picture(picture_id: int, url: SearchUrl) -> str:
    """Return the page of a picture, with its rank in the answer to a query."""
    picture = engine().picture(picture_id)
    rank = count(request.args["rank"], "rank") if request.args.get("rank") else None
    alike = Likeness()
    unlike: str = ""
    try:
        alike = likeness(picture)
        nearby = neighbours(url, picture_id, rank)
    except (EncoderUnavailable, SpaceMismatch) as error:  # the picture itself can still be shown
        unlike, nearby = error.outside, None
    return render_template(
        "picture.html",
        url=url,
        chips=chip_views(url),
        marks=marks(url),
        picture=picture,
        alike=alike,
        moment=moment_of(picture),
        like=SearchUrl(collection=picture.collection).plus("similar", picture_id),
        unlike=unlike,
        boards=engine().catalog.boards.names(),
        lines=[fact for fact in FACTS if fact.on_page],
        neighbours=nearby,
    )


def _is_empty(url: SearchUrl) -> bool:
    """Return whether the query asks for all pictures while no collection exists."""
    return not (url.ranks or url.collection or engine().collections())
