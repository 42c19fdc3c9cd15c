"""The places of an answer on a map, with the box that is chosen."""

from dataclasses import dataclass

from search.facets.records import Facets
from search.query.filters.fields import Box
from search.query.filters.grammar import conditions, format_filter, parse, value_of
from search.query.filters.tree import Condition
from web.pages.filter_form import with_choice
from web.requests.search_url import SearchUrl

# A map of less is made wider, so that one place does not fill it: degrees.
MIN_EXTENT = 0.2


@dataclass(frozen=True, slots=True)
class Spot:
    """Pictures at a place on the map, with the query for the box around the place."""

    x: float
    y: float
    radius: float
    label: str
    pictures: int
    is_chosen: bool
    url: SearchUrl


@dataclass(frozen=True, slots=True)
class Map:
    """The part of the earth to show, in degrees east and south, with its spots.

    `edges` are those of `chosen_box`, else around all pictures: south, west, north, east.
    """

    x: float
    y: float
    width: float
    height: float
    lines: float
    spots: tuple[Spot, ...]
    edges: tuple[float, ...]
    pictures: int
    chosen_box: Box | None


def map_of(url: SearchUrl, facets: Facets, filters: tuple[str, ...]) -> Map | None:
    """Return the map of the places; None where none is known."""
    if facets.places is None:
        return None
    south, west, north, east = facets.places.box
    side = max((north - south) * 1.5, east - west, MIN_EXTENT) * 1.15
    width, height = min(360.0, side), min(180.0, side / 1.5)
    x = min(max((west + east - width) / 2, -180.0), 180.0 - width)
    y = min(max(-(south + north + height) / 2, -90.0), 90.0 - height)
    steps = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30)
    lines = next((step for step in steps if width / step <= 12), 30)
    spots = _spots(url, facets, filters, width)
    x, y, width, height = (round(number, 4) for number in (x, y, width, height))
    places = facets.places
    box = _box_of(filters)
    edges = (box.south, box.west, box.north, box.east) if box else places.box
    return Map(x, y, width, height, lines, spots, edges, places.pictures, box)


def _spots(
    url: SearchUrl, facets: Facets, filters: tuple[str, ...], width: float
) -> tuple[Spot, ...]:
    points = [point for point in facets.places.points if point.pictures] if facets.places else []
    spots = []
    for point in points:
        edges = ",".join(f"{edge:.4f}" for edge in point.box)
        text = format_filter(Condition("box", "=", edges))
        size = (point.pictures / points[0].pictures) ** 0.5
        spots.append(
            Spot(
                round(point.longitude, 4),
                round(-point.latitude, 4),
                round(width / 60 * (1 + 1.5 * size), 4),
                f"{point.latitude:.1f}°, {point.longitude:.1f}°",
                point.pictures,
                text in filters,
                with_choice(url, "box", text),
            )
        )
    return tuple(spots)


def _box_of(filters: tuple[str, ...]) -> Box | None:
    """Return the chosen box, if a map can show it."""
    boxes = [value_of(condition) for text in filters for condition in conditions(parse(text))]
    return next((box for box in boxes if isinstance(box, Box) and box.west <= box.east), None)
