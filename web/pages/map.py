"""The page of a collection's map: what answers a question is lit on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from search.catalog.jobs import ENDED
from search.library.map_file import PictureMap, Region
from web.pages.chips import chip_views, marks
from web.pages.refused_forms import comes_back
from web.requests.search_url import SearchUrl
from web.route import route
from web.services.maps import Matches
from web.state import engine, state

map_page = Blueprint("map_page", __name__)

MAP = "/collections/<name>/map"

# The row at the foot of the map, as wide as a small window.
BEST_SHOWN = 9

# Where so many of the matches lie in few regions, those are named: parts of 1.
NEARLY_ALL, MOST = 0.8, 0.5
MAX_NAMED = 3


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A region in the list below the map, and how many of its pictures answer the question."""

    region: Region
    matches: int


@dataclass(frozen=True, slots=True)
class Concentration:
    """The regions where the matches lie: nearly all of them, or most."""

    regions: Sequence[Region]
    is_nearly_all: bool


@route(map_page, MAP)
def page(name: str) -> str:
    """Show the map as a picture to pan and zoom, lit by a question, and as a list of regions."""
    collection, picture_map = state().maps.find(name)
    newest = next((job for job in engine().catalog.jobs.of(name) if job.kind == "map"), None)
    url = SearchUrl.of(request.args).but(collection=name, panel="")
    asks = bool(url.ranks or url.where)
    matches: Matches | None = None
    if picture_map is not None and asks:
        query = state().queries.query_of(url.but(copies=True), 1, 0)  # each has its place
        matches = state().maps.matches(picture_map, query, BEST_SHOWN)
    regions = rows_of(picture_map, matches) if picture_map else []
    return render_template(
        "map.html",
        url=url,
        chips=chip_views(url),
        marks=marks(url),
        names=[collection.name for collection in engine().collections()],
        name=name,
        picture_map=picture_map,
        matches=matches,
        concentration=concentration(regions, matches) if matches else None,
        stale=picture_map is not None and state().maps.is_stale(collection, picture_map),
        job=newest if newest is not None and newest.state not in ENDED else None,
        last=newest,
        regions=regions,
        typical=engine().catalog.pictures.by_id(
            [picture_id for row in regions for picture_id in row.region.typical]
        ),
        workers=state().workers,
    )


@route(map_page, MAP, "POST")
@comes_back("map", page)
def make(name: str) -> Response:
    """Queue the map's job from its page."""
    state().maps.make(name)
    return redirect(url_for("map_page.page", name=name), 303)


def rows_of(picture_map: PictureMap, matches: Matches | None) -> list[RegionRow]:
    """Return the small regions of a map, those with most matches first."""
    counts = matches.counts if matches else [0] * len(picture_map.regions)
    rows = [
        RegionRow(region, count)
        for region, count in zip(picture_map.regions, counts, strict=True)
        if region.level == 1
    ]
    return sorted(rows, key=lambda row: -row.matches)


def concentration(rows: Sequence[RegionRow], matches: Matches) -> Concentration | None:
    """Return the few regions that hold the matches, or None where they lie everywhere."""
    total = 0
    for number, row in enumerate(rows[:MAX_NAMED], start=1):
        total += row.matches
        if total >= NEARLY_ALL * len(matches.ids):
            return Concentration([each.region for each in rows[:number]], True)
    if matches.ids and total >= MOST * len(matches.ids):
        return Concentration([each.region for each in rows[:MAX_NAMED]], False)
    return None
