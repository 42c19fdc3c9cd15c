"""The JSON API, version 1: search, pictures, thumbnails, collections."""

from time import perf_counter
from typing import Any

from flask import Blueprint, Response, request

from search.errors import BadPicture, BadQuery, NotFound
from search.records import Hit, IndexedTerm, Picture, Query, Term, TextTerm
from search.wire import collection_json, hit_json, picture_json
from web.forms import LARGEST_ID, query_of_request, refuse_unknown
from web.links import THUMBNAIL_SIDES_PX, thumbnail_url
from web.originals import original_of
from web.state import engine

api = Blueprint("api", __name__, url_prefix="/api/v1")

PICTURE = f"/pictures/<int(max={LARGEST_ID}):picture_id>"

YEAR_S = 365 * 24 * 3600


@api.route("/search", methods=["GET", "POST"])
def search() -> dict[str, Any]:
    """Answer a query: fields in the address, a form with pictures, or a JSON document."""
    query = query_of_request(request)
    began_s = perf_counter()
    hits = engine().search(query)
    took_ms = round((perf_counter() - began_s) * 1000, 1)
    return {"query": _query_json(query), "hits": [_hit(hit) for hit in hits], "took_ms": took_ms}


@api.get(PICTURE)
def picture(picture_id: int) -> dict[str, Any]:
    """One picture with its facts and captions."""
    found = engine().picture(picture_id)
    return picture_json(found) | _links(found)


@api.get(f"{PICTURE}/thumbnail")
def thumbnail(picture_id: int) -> Response:
    """A picture as WebP within a square; kept for good by who asks for its version `v`."""
    refuse_unknown(request.args, ("side", "v"))
    side_px = _side_px(request.args.get("side", "320"))
    found = engine().picture(picture_id)
    response = Response(mimetype="image/webp")
    response.set_etag(f"{found.content_hash}-{side_px}")
    if request.args.get("v") == found.content_hash[:12]:
        response.headers["Cache-Control"] = f"private, max-age={YEAR_S}, immutable"
    if not request.if_none_match.contains(response.get_etag()[0] or ""):
        response.data = _thumbnail(picture_id, side_px)
    response.make_conditional(request)
    return response


@api.get(f"{PICTURE}/original")
def original(picture_id: int) -> Response:
    """The picture's file as it is, whole or the ranges that are asked for."""
    refuse_unknown(request.args, ("download",))
    return original_of(engine().picture(picture_id), "download" in request.args)


@api.get("/collections")
def collections() -> dict[str, Any]:
    """What there is to search."""
    return {"collections": [collection_json(each) for each in engine().summaries()]}


def _side_px(value: str) -> int:
    if value not in {str(side) for side in THUMBNAIL_SIDES_PX}:
        allowed = ", ".join(map(str, THUMBNAIL_SIDES_PX))
        raise BadQuery(f"side is {value[:80]!r}; it may be {allowed}")
    return int(value)


def _thumbnail(picture_id: int, side_px: int) -> bytes:
    try:
        return engine().thumbnail(picture_id, side_px)
    except BadPicture as error:  # the fault is not the client's
        raise NotFound(
            f"picture {picture_id} can't be shown: {error}; if its file has moved, index its "
            "folder again"
        ) from error


def _hit(hit: Hit) -> dict[str, Any]:
    return hit_json(hit) | _links(hit.picture)


def _links(picture: Picture) -> dict[str, Any]:
    return {
        "thumbnail": thumbnail_url(picture),
        "similar": f"{api.url_prefix}/search?similar={picture.id}",
    }


def _query_json(query: Query) -> dict[str, Any]:
    return {
        "terms": [_term_json(term) for term in query.terms],
        "collections": list(query.collections),
        "k": query.k,
    }


def _term_json(term: Term) -> dict[str, Any]:
    if isinstance(term, TextTerm):
        return {"text": term.text, "weight": term.weight}
    if isinstance(term, IndexedTerm):
        return {"picture_id": term.picture_id, "weight": term.weight}
    return {"image": "sent", "weight": term.weight}
