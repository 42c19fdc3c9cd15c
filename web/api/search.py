"""The JSON API, version 1: search, pictures and their files, export."""

from dataclasses import replace
from time import perf_counter
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request

from search.catalog.marks import told
from search.documents.from_records import answer_json, hit_json, picture_json
from search.errors import BadPicture, NotFound
from search.filters.grammar import written
from search.query.records import Hit, Query
from search.records import Picture
from web.api.openapi import JSON, describe, openapi
from web.api.schemas import search as schemas
from web.links import API, THUMBNAIL_SIDES_PX, thumbnail_url
from web.middleware.etags import NOT_MODIFIED
from web.middleware.file_responses import RANGES
from web.requests.pagination import cursor_after, offset_of
from web.requests.query_form import (
    FORM_TYPES,
    LARGEST_ID,
    choice,
    identities,
    query_of_request,
    refuse_unknown,
)
from web.services.confined import check_file
from web.services.exports import as_csv, as_json, as_zip
from web.services.originals import TYPES, original_of
from web.state import engine

api = Blueprint("api", __name__, url_prefix=API)

PICTURE = f"/pictures/<int(max={LARGEST_ID}):picture_id>"

YEAR_S = 365 * 24 * 3600


@api.route("/search", methods=["GET", "POST"])
@describe(
    schemas.Answer,
    fields=schemas.SearchFields,
    takes={JSON: schemas.SearchDocument, FORM_TYPES[0]: schemas.SearchForm},
)
def search() -> dict[str, Any]:
    """Answer a query: fields in the address, a form with pictures, or a JSON document."""
    return answered(*query_of_request(request))


def answered(query: Query, cursor: str) -> dict[str, Any]:
    """The answer to a query, from where the cursor says."""
    if cursor:
        query = replace(query, offset=offset_of(cursor, query))
    began_s = perf_counter()
    answer = engine().answer(query)
    took_ms = round((perf_counter() - began_s) * 1000, 1)
    return {
        "query": _query_json(query),
        "hits": [_hit(hit) for hit in answer.hits],
        **answer_json(answer),
        "next": cursor_after(query, len(answer.hits)) if answer.more else None,
        "took_ms": took_ms,
    }


@api.get(PICTURE)
@describe(schemas.Picture)
def picture(picture_id: int) -> dict[str, Any]:
    """One picture with its facts and captions."""
    return linked(engine().picture(picture_id))


@api.get(f"{PICTURE}/captions")
@describe(schemas.Captions)
def captions(picture_id: int) -> dict[str, Any]:
    """A picture's captions alone: those beside its file before those in it."""
    return {"captions": picture_json(engine().picture(picture_id))["captions"]}


@api.get(f"{PICTURE}/thumbnail")
@describe("image/webp", fields=schemas.ThumbnailFields, statuses=NOT_MODIFIED)
def thumbnail(picture_id: int) -> Response:
    """A picture as WebP within a square; kept for good by who asks for its version `v`."""
    refuse_unknown(request.args, ("side", "v"))
    side_px = int(choice("side", request.args.get("side", "320"), THUMBNAIL_SIDES_PX))
    content_hash = engine().catalog.pictures.content_hash(picture_id)
    response = Response(mimetype="image/webp")
    response.set_etag(f"{content_hash}-{side_px}")
    if request.args.get("v") == content_hash[:12]:
        response.headers["Cache-Control"] = f"private, max-age={YEAR_S}, immutable"
    if not request.if_none_match.contains(response.get_etag()[0] or ""):
        response.data = _thumbnail(picture_id, side_px, content_hash)
    response.make_conditional(request)
    return response


@api.get(f"{PICTURE}/original")
@describe(
    *sorted(set(TYPES.values())),
    "application/octet-stream",
    fields=schemas.OriginalFields,
    statuses=RANGES,
)
def original(picture_id: int) -> Response:
    """The picture's file as it is, whole or the range that is asked for."""
    refuse_unknown(request.args, ("download",))
    return original_of(engine().picture(picture_id), "download" in request.args)


@api.route("/export", methods=["GET", "POST"])
@describe(
    schemas.Export,
    "text/csv",
    "application/zip",
    fields=schemas.ExportFields,
    takes={FORM_TYPES[1]: schemas.ExportFields},
)
def export() -> Response | dict[str, Any]:
    """A selection of pictures: JSON, CSV, or a zip of their files."""
    refuse_unknown(request.values, ("id", "format"))
    return exported()


def exported() -> Response | dict[str, Any]:
    """The pictures that a request names, in the format that it names."""
    kind = choice("format", request.values.get("format", "json"), ("json", "csv", "zip"))
    ids = identities("id", request.values.getlist("id"))
    found = engine().catalog.pictures.by_id(ids)
    missing = next((each for each in ids if each not in found), None)
    if missing is not None:
        raise NotFound(f"there is no picture {missing}; it may have been removed")
    chosen = [found[each] for each in ids]
    if kind == "json":
        return as_json(chosen, linked)
    return as_csv(chosen) if kind == "csv" else as_zip(chosen)


@api.get("/openapi.json")
def document() -> dict[str, Any]:
    """This API as OpenAPI 3.1."""
    return openapi(current_app, f"{API}/")


@api.get("/docs")
def docs() -> str:
    """The same for people, without anything from elsewhere."""
    return render_template("reference.html", api=openapi(current_app, f"{API}/"))


def _thumbnail(picture_id: int, side_px: int, content_hash: str) -> bytes:
    try:
        return engine().thumbnail(picture_id, side_px, content_hash, check_file)
    except BadPicture as error:  # the fault is not the client's
        raise NotFound(
            f"picture {picture_id} can't be shown: {error}; if its file has moved, index its "
            "folder again"
        ) from error


def _hit(hit: Hit) -> dict[str, Any]:
    return hit_json(hit) | _links(hit.picture)


def linked(picture: Picture) -> dict[str, Any]:
    """A picture with the addresses of its files."""
    return picture_json(picture) | _links(picture)


def _links(picture: Picture) -> dict[str, Any]:
    return {
        "thumbnail": thumbnail_url(picture),
        "original": f"{API}/pictures/{picture.id}/original",
        "similar": f"{API}/search?similar={picture.id}",
    }


def _query_json(query: Query) -> dict[str, Any]:
    return {
        "terms": [told(term) for term in query.terms],
        "collections": list(query.collections),
        "k": query.k,
        "offset": query.offset,
        "where": None if query.where is None else written(query.where),
        "by": list(query.by),
        "cutoff": query.cutoff,
        "fold": query.fold,
        "diverse": query.diverse,
        "more": list(query.more),
        "less": list(query.less),
    }
