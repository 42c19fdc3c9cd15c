"""The JSON API of the maps of collections: regions, places, and the job that makes a map."""

from typing import Any

import numpy as np
from flask import Blueprint, Response, request, url_for

from search.documents.jobs import job_json
from search.map_file import Region
from web.api.schemas import collection as schemas
from web.links import API
from web.requests.query_form import refuse_unknown
from web.route import route
from web.state import state

maps = Blueprint("mapping", __name__, url_prefix=API)

MAP = "/collections/<name>/map"


@route(maps, MAP, endpoint="told", answers=schemas.PictureMap)
def one(name: str) -> dict[str, Any]:
    """The map of a collection: its regions, and how far the collection has gone on since."""
    collection, made = state().maps.get(name)
    return {
        "pictures": len(made.ids),
        "stale": state().maps.is_stale(collection, made),
        "regions": [_region(each) for each in made.regions],
        "points": url_for("mapping.points", name=name),
    }


@route(maps, f"{MAP}/points", answers="application/octet-stream")
def points(name: str) -> Response:
    """Where each picture lies: n ids (float64, little-endian), then n pairs x, y (uint16).

    A place is from 0 to 65,535 from left to right and from bottom to top.
    """
    refuse_unknown(request.args, ("v",))
    _, made = state().maps.get(name)
    places = np.clip(made.places * 65_535, 0, 65_535).astype("<u2")
    answer = Response(made.ids.astype("<f8").tobytes() + places.tobytes())
    answer.content_type = "application/octet-stream"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


@route(maps, MAP, "POST", answers=schemas.Job, status=202)
def make(name: str) -> tuple[dict[str, Any], int]:
    """Make the map of a collection, or make it anew: the job that is answered does it."""
    return job_json(state().maps.make(name)), 202


def _region(region: Region) -> dict[str, Any]:
    return {
        "x": region.x,
        "y": region.y,
        "pictures": region.pictures,
        "level": region.level,
        "names": dict(region.names),
        "typical": list(region.typical),
    }
