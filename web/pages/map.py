"""The page of a collection's map."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug import Response

from search.catalog.jobs import ENDED
from web.pages.refused_forms import comes_back
from web.requests.search_url import SearchUrl
from web.route import route
from web.state import engine, state

map_page = Blueprint("map_page", __name__)

MAP = "/collections/<name>/map"


@route(map_page, MAP)
def page(name: str) -> str:
    """Show the map as a picture to pan and zoom, and as a table."""
    collection, picture_map = state().maps.find(name)
    newest = next((job for job in engine().catalog.jobs.of(name) if job.kind == "map"), None)
    regions = [region for region in picture_map.regions if region.level == 1] if picture_map else []
    return render_template(
        "map.html",
        url=SearchUrl(collection=name),
        chips=[],
        names=[collection.name for collection in engine().collections()],
        name=name,
        picture_map=picture_map,
        stale=picture_map is not None and state().maps.is_stale(collection, picture_map),
        job=newest if newest is not None and newest.state not in ENDED else None,
        last=newest,
        regions=regions,
        typical=engine().catalog.pictures.by_id(
            [picture_id for region in regions for picture_id in region.typical]
        ),
        workers=state().workers,
    )


@route(map_page, MAP, "POST")
@comes_back("map", page)
def make(name: str) -> Response:
    """Queue the map's job from its page."""
    state().maps.make(name)
    return redirect(url_for("map_page.page", name=name), 303)
