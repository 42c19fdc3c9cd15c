"""The JSON API, version 1: search, pictures and their files, export."""

from dataclasses import replace
from time import perf_counter

from flask import Blueprint, Response, request

from search.documents.completion import CompleteFields, Completions
from search.documents.from_records import answer_document, captions_document, hit_document
from search.documents.picture import (
    Captions,
    Export,
    ExportFields,
    OriginalFields,
    Picture,
    ThumbnailFields,
)
from search.documents.reading import read_texts
from search.documents.search import Answer
from search.documents.search_request import SearchDocument, SearchFields, SearchForm
from search.errors import BadPicture, NotFound
from search.query.limits import LARGEST_ID
from search.query.records import Query
from web.api.openapi import NOT_MODIFIED, RANGES
from web.api.openapi import error_sources as sources
from web.links import API, addresses, linked_picture
from web.middleware.file_responses import attachment, send
from web.requests.pagination import Cursor, cursor_after, cursor_text, parse_cursor
from web.requests.query_form import FORM_TYPES, query_of_request, words
from web.requests.selection import selection_of
from web.route import JSON, route
from web.services.originals import TYPES, not_found_if_unreadable
from web.services.set_pages import is_set, set_page
from web.state import engine, state

api = Blueprint("api", __name__, url_prefix=API)

PICTURE = f"/pictures/<int(max={LARGEST_ID}):picture_id>"

YEAR_S = 365 * 24 * 3600


@route(
    api,
    "/search",
    "GET",
    "POST",
    answers=Answer,
    fields=SearchFields,
    takes={JSON: SearchDocument, FORM_TYPES[0]: SearchForm},
    scope="read",
    etag=False,
    raises=(*sources.SEARCH, *sources.PICTURES),
)
def search() -> Answer:
    """Find pictures by words, by pictures, or by both.

    With words, the hits show what the words say; with a picture, they look like it. Send the fields
    in the address, a form with the files of pictures, or a JSON document in which each term has
    its own weight. Without words and pictures, a collection or a filter lists its newest pictures.
    The scope `read` is enough for each of them.
    """
    return answer_query(*query_of_request(request))


def answer_query(query: Query, cursor: str) -> Answer:
    """Return the answer to a query, starting at the cursor."""
    place = parse_cursor(cursor, query) if cursor else Cursor(query.offset)
    query = replace(query, offset=place.offset)
    began_s = perf_counter()
    if is_set(query):
        page = set_page(engine(), state().result_cache, query, place)
        answer, query = page.answer, replace(query, offset=page.offset)
        next_cursor = None if page.next is None else cursor_text(page.next, query)
    else:
        answer = engine().answer(query)
        next_cursor = cursor_after(query, len(answer.hits)) if answer.more else None
    took_ms = round((perf_counter() - began_s) * 1000, 1)
    hits = (hit_document(hit, **addresses(hit.picture)) for hit in answer.hits)
    return answer_document(query, answer, hits, next_cursor, took_ms)


@route(
    api,
    "/complete",
    answers=Completions,
    fields=CompleteFields,
    rate_limit=False,
    raises=("web.services.completions", *sources.COLLECTIONS),
)
def complete() -> Completions:
    """Complete the words of a search.

    While somebody types, the answer offers what the words may become: cameras, folders, years,
    values of columns, concepts, and searches that were asked before. It also corrects misspelt
    words.
    """
    fields = read_texts(CompleteFields, dict(request.args.lists()))
    return state().completer.complete(words(fields.q), fields.collection, fields.k)


@route(
    api,
    PICTURE,
    answers=Picture,
    raises=sources.PICTURES,
)
def picture(picture_id: int) -> Picture:
    """Show what is known of a picture.

    The answer has its size, date, place, camera and captions, and the addresses of its files.
    """
    return linked_picture(engine().picture(picture_id))


@route(
    api,
    f"{PICTURE}/captions",
    answers=Captions,
    raises=sources.PICTURES,
)
def captions(picture_id: int) -> Captions:
    """Show the captions of a picture.

    Captions of a file next to the picture come before those in the picture's own file.
    """
    return captions_document(engine().picture(picture_id))


@route(
    api,
    f"{PICTURE}/thumbnail",
    answers="image/webp",
    fields=ThumbnailFields,
    statuses=NOT_MODIFIED,
    rate_limit=False,
    urgency="picture",
    raises=(*sources.FILES, "web.api.search:_thumbnail"),
)
def thumbnail(picture_id: int) -> Response:
    """Show a small copy of a picture.

    The copy is a WebP file that fits a square of `side` pixels. A client may store it for good if
    the address has the picture's version `v`, as the links in other answers have.
    """
    fields = read_texts(ThumbnailFields, dict(request.args.lists()))
    content_hash = engine().catalog.pictures.content_hash(picture_id)
    response = Response(mimetype="image/webp")
    response.set_etag(f"{content_hash}-{fields.side}")
    if fields.v == content_hash[:12]:
        response.headers["Cache-Control"] = f"private, max-age={YEAR_S}, immutable"
    if not request.if_none_match.contains(response.get_etag()[0] or ""):
        response.data = _thumbnail(picture_id, fields.side, content_hash)
    response.make_conditional(request)
    return response


@route(
    api,
    f"{PICTURE}/original",
    answers=(*sorted(set(TYPES.values())), "application/octet-stream"),
    fields=OriginalFields,
    statuses=RANGES,
    urgency="bulk",
    raises=(*sources.FILES, "web.services.originals"),
)
def original(picture_id: int) -> Response:
    """Send the file of a picture.

    The file comes as it is, whole or the part that `Range` asks for. The file of a moment of a
    film is that moment as a JPEG.
    """
    read_texts(OriginalFields, dict(request.args.lists()))
    picture = engine().picture(picture_id)
    source = state().originals.find(picture)
    # Types that a browser could run as a page are sent for download alone.
    download = "download" in request.args or source.mimetype is None
    with not_found_if_unreadable(f"the file of picture {picture_id}"):
        return send(source.file, source.name, source.mimetype, etag=source.etag, download=download)


@route(
    api,
    "/export",
    "GET",
    "POST",
    answers=(Export, "text/csv", "application/zip"),
    fields=ExportFields,
    takes={FORM_TYPES[1]: ExportFields},
    scope="read",
    urgency="bulk",
    raises=(*sources.IDS, "web.services.exports"),
)
def export() -> Response | Export:
    """Export pictures as JSON, as a table, or with their files.

    `format` is `json`, `csv` for a spreadsheet, or `zip` for the files themselves. Post a long list
    of pictures as a form.
    """
    ids, kind = selection_of(request.values)
    pictures = state().exports.pictures(ids)
    if kind == "json":
        return Export(tuple(linked_picture(picture) for picture in pictures))
    export = state().exports.of(pictures, kind)
    return attachment(export.content, export.content_type, export.name)


def _thumbnail(picture_id: int, side_px: int, content_hash: str) -> bytes:
    try:
        return engine().thumbnail(
            picture_id, side_px, content_hash, state().confined_files.check_file
        )
    except BadPicture as error:  # a corrupt file on the server is not the client's fault
        raise NotFound(
            "picture-unreadable",
            "picture {id} can't be shown: {error}; if its file has moved, index its folder again",
            id=picture_id,
            error=error,
        ) from error
