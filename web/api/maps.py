"""The JSON API of collection maps: regions, points, and the job that makes a map."""

import numpy as np
from flask import Blueprint, Response, request, url_for

from search.documents.collection import MapRegion, PictureMap, PointsFields
from search.documents.from_jobs import job_document
from search.documents.jobs import Job
from search.documents.reading import read_texts
from search.library import map_file
from web.links import API
from web.route import route
from web.state import state

maps = Blueprint("mapping", __name__, url_prefix=API)

MAP = "/collections/<name>/map"


@route(
    maps,
    MAP,
    endpoint="told",
    answers=PictureMap,
    raises=("web.services.maps",),
)
def one(name: str) -> PictureMap:
    """Show the map of a collection.

    A map places pictures that look alike near each other. The answer has the regions of the map
    with their names, and the address of the places of all pictures.
    """
    collection, picture_map = state().maps.get(name)
    return PictureMap(
        pictures=len(picture_map.ids),
        stale=state().maps.is_stale(collection, picture_map),
        regions=tuple(map(_region, picture_map.regions)),
        points=url_for("mapping.points", name=name),
    )


@route(
    maps,
    f"{MAP}/points",
    answers="application/octet-stream",
    raises=("web.services.maps",),
)
def points(name: str) -> Response:
    """Send the place of each picture on a map.

    The answer is binary, little-endian: n picture numbers as float64, then n pairs x and y as
    uint16. A place is from 0 to 65,535, from left to right and from bottom to top.
    """
    read_texts(PointsFields, dict(request.args.lists()))
    _, picture_map = state().maps.get(name)
    places = np.clip(picture_map.places * 65_535, 0, 65_535).astype("<u2")
    answer = Response(picture_map.ids.astype("<f8").tobytes() + places.tobytes())
    answer.content_type = "application/octet-stream"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


@route(maps, MAP, "POST", answers=Job, status=202)
def make(name: str) -> tuple[Job, int]:
    """Make the map of a collection.

    The answer is the job that makes it. A map that exists is made again.
    """
    return job_document(state().maps.make(name)), 202


def _region(region: map_file.Region) -> MapRegion:
    return MapRegion(
        x=region.x,
        y=region.y,
        pictures=region.pictures,
        level=region.level,
        names=region.names,
        typical=region.typical,
    )
