"""The search page and the page of one picture."""

from collections.abc import Sequence
from contextlib import suppress

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from search.errors import NotFound
from search.pictures.thumbnails import thumbnail
from search.query.filters.contradictions import contradiction
from search.query.filters.grammar import parse
from search.query.limits import LARGEST_ID
from search.query.records import Query
from web.links import API
from web.pages.chips import chip_views, marks
from web.pages.facet_line import facet_line
from web.pages.filter_form import parse_facet_form
from web.pages.home import home_page
from web.pages.picture import picture_page
from web.pages.refused_forms import comes_back
from web.pages.result_order import rest_of, result_order
from web.pages.shown_page import page_of_results
from web.pages.ways_out import ways_out
from web.requests.query_form import identity, words
from web.requests.search_url import SearchUrl
from web.route import route
from web.services.captions import write_caption
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
    return picture_page(identity("on", on), url) if on else results_page(url)


def results_page(url: SearchUrl) -> str:
    """Return the search page of a query."""
    if not url.anything or _is_empty(url):
        return home_page(url)
    page = page_of_results(url)
    query, answer, size = page.query, page.answer, page.size
    if url.q:
        with suppress(NotFound):  # a collection may have been removed meanwhile
            asked = engine().catalog.collections.find(query.collections)
            state().recent_questions.note(url, asked)
    hits = answer.hits
    filters_read = [each.where for each in answer.readings if each.where and each.is_applied]
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
        line=facet_line(url, state().answer_facets.facets(query, list(map(parse, url.where)))),
        pass_count=_pass_count(url, query, filters_read) if not sure_hits else None,
        links=page.links,
        folded=page.folded_counts,
        years=page.years,
        order=order,
        rest=rest_of(url, size or 0, unsure, answer.confidence is not None) if unsure else None,
        ways_out=ways_out(url, query, answer) if not sure_hits and url.start == 1 else (),
        is_by_words=answer.confidence is not None,
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
    """Apply the form of a facet: the query with what it chooses, in place of what was chosen."""
    url = parse_facet_form(request.args)
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
    return picture_page(picture_id, SearchUrl.of(request.args))


def _page_of_caption(picture_id: int) -> str:
    """Return the page of the form, whose query came with it."""
    return picture_page(picture_id, SearchUrl.of(request.values))


@route(pages, f"/pictures/<int(max={LARGEST_ID}):picture_id>/caption", "POST")
@comes_back("caption", _page_of_caption, "text")
def caption(picture_id: int) -> AnyResponse:
    """Write a caption of a picture in a language, or take it back."""
    text, language = words(request.form.get("text", "")), request.form.get("language", "")
    write_caption(engine(), picture_id, text, language)
    back = SearchUrl.of(request.form).address()
    address = url_for(
        "pages.picture", picture_id=picture_id, rank=request.form.get("rank") or None, **back
    )
    return redirect(address, 303)


def _pass_count(url: SearchUrl, query: Query, filters_read: Sequence[str]) -> int | None:
    """Return how many pictures pass the filters; None without a filter."""
    if not (url.where or filters_read):
        return None
    return state().answer_facets.pass_count(query, list(map(parse, url.where)))


def _is_empty(url: SearchUrl) -> bool:
    """Return whether the query asks for all pictures while no collection exists."""
    return not (url.ranks or url.collection or engine().collections())
