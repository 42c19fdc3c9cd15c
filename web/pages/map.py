"""The map of a collection: its page, and its regions and places over the API."""

from typing import Any

import numpy as np
from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from search.catalog.jobs import ENDED, Job
from search.catalog.records import Collection
from search.errors import NotFound
from search.map_file import PictureMap, Region
from web.api.jobs import job_json, rows
from web.api.openapi import describe
from web.api.schemas import collection as schemas
from web.links import API
from web.pages.refused_forms import comes_back
from web.requests.query_form import refuse_unknown
from web.requests.search_url import Asked
from web.state import engine, state

mapping = Blueprint("mapping", __name__)

MAP_API = f"{API}/collections/<name>/map"

NO_MAP = "collection {name!r} has no map yet; make one: limn map {name}"


@mapping.get(MAP_API)
@describe(schemas.PictureMap)
def told(name: str) -> dict[str, Any]:
    """The map of a collection: its regions, and how far the collection has gone on since."""
    collection, made = _found(name)
    return {
        "pictures": len(made.ids),
        "stale": engine().catalog.changes.last(collection.id) != made.position,
        "regions": [_region(each) for each in made.regions],
        "points": url_for("mapping.points", name=name),
    }


@mapping.get(f"{MAP_API}/points")
@describe("application/octet-stream")
def points(name: str) -> Response:
    """Where each picture lies: n ids (float64, little-endian), then n pairs x, y (uint16).

    A place is from 0 to 65,535 from left to right and from bottom to top.
    """
    refuse_unknown(request.args, ("v",))
    _, made = _found(name)
    places = np.clip(made.places * 65_535, 0, 65_535).astype("<u2")
    answer = Response(made.ids.astype("<f8").tobytes() + places.tobytes())
    answer.content_type = "application/octet-stream"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


@mapping.post(MAP_API)
@describe(schemas.Job, status=202)
def make(name: str) -> tuple[dict[str, Any], int]:
    """Make the map of a collection, or make it anew: the job that is answered does it."""
    return job_json(_ask(name)), 202


@mapping.get("/collections/<name>/map")
def page(name: str) -> str:
    """The map as a picture to move about in, and as a table."""
    collection = engine().catalog.collections.one(name)
    made = engine().picture_map(collection)
    newest = next((job for job in rows().of(name) if job.kind == "map"), None)
    regions = [each for each in made.regions if each.level == 1] if made else []
    return render_template(
        "map.html",
        asked=Asked(collection=name),
        chips=[],
        names=[each.name for each in engine().collections()],
        name=name,
        made=made,
        stale=made is not None and engine().catalog.changes.last(collection.id) != made.position,
        job=newest if newest is not None and newest.state not in ENDED else None,
        last=newest,
        regions=regions,
        typical=engine().catalog.pictures.by_id(
            [each for region in regions for each in region.typical]
        ),
        foreman=state().foreman,
    )


@mapping.post("/collections/<name>/map")
@comes_back("map", page)
def make_from_page(name: str) -> AnyResponse:
    """Ask for the map from its page."""
    _ask(name)
    return redirect(url_for("mapping.page", name=name), 303)


def _ask(name: str) -> Job:
    """Queue the job, unless one waits or runs already."""
    engine().catalog.collections.named([name])
    for job in rows().of(name):
        if job.kind == "map" and job.state not in ENDED:
            return job
    made = rows().one(rows().ask(name, "map", {"sources": [name], "name": name}))
    state().foreman.call()
    return made


def _found(name: str) -> tuple[Collection, PictureMap]:
    collection = engine().catalog.collections.one(name)
    made = engine().picture_map(collection)
    if made is None:
        raise NotFound(NO_MAP.format(name=name))
    return collection, made


def _region(region: Region) -> dict[str, Any]:
    return {
        "x": region.x,
        "y": region.y,
        "pictures": region.pictures,
        "level": region.level,
        "names": dict(region.names),
        "typical": list(region.typical),
    }
