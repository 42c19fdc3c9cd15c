"""The JSON API of pictures: their facts, their files, and exports of several."""

from flask import Response, request

from search.documents.from_records import captions_document
from search.documents.picture import (
    Captions,
    Export,
    ExportFields,
    OriginalFields,
    Picture,
    ThumbnailFields,
    WrittenCaption,
)
from search.documents.reading import read_texts
from search.errors import BadPicture, NotFound
from search.query.limits import LARGEST_ID
from web.api.openapi import NOT_MODIFIED, RANGES
from web.api.openapi import error_sources as sources
from web.api.search import api
from web.links import linked_picture
from web.middleware.file_responses import attachment, send
from web.requests.json_body import read_body
from web.requests.query_form import FORM_TYPES, words
from web.requests.selection import selection_of
from web.route import JSON, route
from web.services import captions as captions_service
from web.services.originals import TYPES, not_found_if_unreadable
from web.state import engine, state

__all__ = ["api"]  # the blueprint, with these routes too

PICTURE = f"/pictures/<int(max={LARGEST_ID}):picture_id>"

YEAR_S = 365 * 24 * 3600


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
    f"{PICTURE}/captions",
    "PATCH",
    answers=Captions,
    takes={JSON: WrittenCaption},
    raises=(*sources.PICTURES, *sources.JSON_BODY, *sources.ENCODERS, "web.services.captions"),
)
def write_caption(picture_id: int) -> Captions:
    """Write a caption of a picture.

    It comes first among the captions of its `language`, and takes the place of the one that was
    written before. Captions that came with the picture stay. An empty `text` takes it back.
    """
    caption = read_body(WrittenCaption, request.get_data())
    captions_service.write_caption(engine(), picture_id, words(caption.text), caption.language)
    return captions_document(engine().picture(picture_id))


@route(
    api,
    f"{PICTURE}/thumbnail",
    answers="image/webp",
    fields=ThumbnailFields,
    statuses=NOT_MODIFIED,
    rate_limit=False,
    urgency="picture",
    raises=(*sources.FILES, "web.api.pictures:_thumbnail"),
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
