"""The filter panel: a collection's facets as choices, each with the query that it leads to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from search.facets.records import Column, Facets, Folder, Value, ValueRange
from search.picture_facts import COUNTED
from search.query.filters.colours import NAMED
from search.query.filters.fields import COLUMN, Box
from search.query.filters.grammar import conditions, format_filter, parse, value_of
from search.query.filters.tree import AllOf, Condition
from search.text.printable import printable
from web.pages.filter_form import TITLES, field_of, with_filter, word_for
from web.requests.search_url import SearchUrl

# A column of more different values is searched in, not chosen from.
MAX_CHOICES = 12

# The order of the groups; those of other facts follow.
ORDER = ("camera", "orientation", "megapixels", "size", "format", "language")

# A map of less is made wider, so that one place does not fill it: degrees.
MIN_EXTENT = 0.2


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet: its label, its count of pictures, and the query with this value."""

    label: str
    pictures: int
    is_chosen: bool
    url: SearchUrl
    shade: str = ""
    inside: "tuple[Choice, ...]" = ()

    @property
    def open(self) -> bool:
        """Return whether a chosen value lies inside this one."""
        return any(choice.is_chosen or choice.open for choice in self.inside)


@dataclass(frozen=True, slots=True)
class FilterGroup:
    """A facet with its choices."""

    name: str
    title: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the date histogram, with its height in percent."""

    value: str
    pictures: int
    height: float
    inside: bool


@dataclass(frozen=True, slots=True)
class Histogram:
    """The dates as bars, with the positions of the first and the last chosen bar."""

    bars: tuple[Bar, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Spot:
    """Pictures at a place on the map, with the query for the box around the place."""

    x: float
    y: float
    radius: float
    choice: Choice


@dataclass(frozen=True, slots=True)
class Map:
    """The part of the earth to show, in degrees east and south, with its spots.

    `box` surrounds all pictures: south, west, north, east; `chosen_box` is the box of the filter.
    """

    x: float
    y: float
    width: float
    height: float
    lines: float
    spots: tuple[Spot, ...]
    box: tuple[float, ...]
    chosen_box: Box | None


@dataclass(frozen=True, slots=True)
class Panel:
    """The contents of the filter panel."""

    pictures: int
    groups: tuple[FilterGroup, ...]
    colours: tuple[Choice, ...]
    dates: Histogram | None
    folders: tuple[Choice, ...]
    columns: "tuple[tuple[Column, FilterGroup], ...]"
    map: Map | None


def panel_of(url: SearchUrl, facets: Facets) -> Panel:
    """Return the filter panel for the query of `url`."""
    groups = [
        _group(url, "orientation", facets.orientations),
        _spans(url, "megapixels", facets.megapixels, ""),
        _spans(url, "size", facets.sizes_bytes, "MB"),
        _group(url, "language", [value for value in facets.languages if value.value]),
        *(_group(url, fact.field, facets.values[fact.facet]) for fact in COUNTED),
        _with_text(url, facets),
    ]
    groups.sort(key=_place)
    return Panel(
        pictures=facets.pictures,
        groups=tuple(group for group in groups if _divides(group, facets)),
        colours=_group(url, "colour", facets.colours).choices,
        dates=_histogram(url, facets),
        folders=tuple(_folder(url, folder) for folder in facets.folders),
        columns=tuple((column, _column(url, column)) for column in facets.columns),
        map=_map(url, facets),
    )


def _place(group: FilterGroup) -> int:
    return ORDER.index(group.name) if group.name in ORDER else len(ORDER)


def _divides(group: FilterGroup, facets: Facets) -> bool:
    """Return whether a group has more than one choice, or a chosen one, or one of some pictures."""
    if group.name == "text":
        return _any(group.choices) or 0 < facets.with_text < facets.pictures
    return len(group.choices) > 1 or _any(group.choices)


def _with_text(url: SearchUrl, facets: Facets) -> FilterGroup:
    text = format_filter(Condition("has", "=", "text"))
    choice = _choice(url, text, "has", word_for("text"), facets.with_text)
    return FilterGroup("text", str(TITLES["text"]), (choice,) if facets.with_text else ())


def _any(choices: Iterable[Choice]) -> bool:
    return any(choice.is_chosen for choice in choices)


def _choice(
    url: SearchUrl, text: str, field: str, label: str, pictures: int, **more: Any
) -> Choice:
    is_chosen = text in url.where
    after = (
        url.but(where=tuple(other for other in url.where if other != text))
        if is_chosen
        else with_filter(url, field, text)
    )
    return Choice(label, pictures, is_chosen, after, **more)


def _group(url: SearchUrl, field: str, values: Sequence[Value]) -> FilterGroup:
    choices = tuple(
        _choice(
            url,
            format_filter(Condition(field, "=", value.value)),
            field,
            word_for(value.value),
            value.pictures,
            shade=NAMED[value.value][0] if field == "colour" else "",
        )
        for value in values
    )
    return FilterGroup(field, str(TITLES.get(field, field)), choices)


def _spans(url: SearchUrl, field: str, spans: Sequence[ValueRange], unit: str) -> FilterGroup:
    choices = []
    for span in spans:
        scale = 1e6 if unit else 1.0
        least = f"{span.least / scale:g}"
        most = None if span.most is None else f"{span.most / scale:g}"
        limits = [Condition(field, ">=", f"{least}{unit}")] if span.least else []
        limits += [] if most is None else [Condition(field, "<", f"{most}{unit}")]
        if not limits:
            continue
        text = format_filter(limits[0] if len(limits) == 1 else AllOf(tuple(limits)))
        ends = f"{least} – {most}" if span.least else f"< {most}"
        range_label = f"≥ {least}" if most is None else ends
        choices.append(_choice(url, text, field, f"{range_label} {unit}".strip(), span.pictures))
    return FilterGroup(field, str(TITLES[field]), tuple(choices))


def _folder(url: SearchUrl, folder: Folder, above: str = "") -> Choice:
    name = folder.path if not above else str(PurePosixPath(folder.path).relative_to(above))
    return _choice(
        url,
        format_filter(Condition("folder", "=", folder.path)),
        "folder",
        printable(name),
        folder.pictures,
        inside=tuple(_folder(url, child, folder.path) for child in folder.folders),
    )


def _column(url: SearchUrl, column: Column) -> FilterGroup:
    """Return the choices of an extra column; none where the column has too many values."""
    field = COLUMN + column.name
    values = column.values if column.different <= MAX_CHOICES else ()
    choices = tuple(
        _choice(
            url,
            format_filter(Condition(field, "=", value.value)),
            field,
            value.value,
            value.pictures,
        )
        for value in values
    )
    return FilterGroup(field, column.name, choices)


def _histogram(url: SearchUrl, facets: Facets) -> Histogram | None:
    if facets.dates is None:
        return None
    values = facets.dates.values
    most = max(value.pictures for value in values)
    first, last = 0, len(values) - 1
    for text in url.where:
        for condition in conditions(parse(text)) if field_of(text) == "date" else ():
            # A date may be longer or shorter than the bars' dates: the common prefix is compared.
            length = min(len(condition.value), len(values[0].value))
            edge, steps = condition.value[:length], [value.value[:length] for value in values]
            if condition.operator in (">", ">=", "="):
                first = sum(step < edge for step in steps)
            if condition.operator in ("<", "<=", "="):
                last = sum(step <= edge for step in steps) - 1
    bars = (
        Bar(value.value, value.pictures, round(100 * value.pictures / most, 1), first <= n <= last)
        for n, value in enumerate(values)
    )
    return Histogram(tuple(bars), min(first, len(values) - 1), max(last, 0))


def _map(url: SearchUrl, facets: Facets) -> Map | None:
    if facets.places is None:
        return None
    south, west, north, east = facets.places.box
    side = max((north - south) * 1.5, east - west, MIN_EXTENT) * 1.15
    width, height = min(360.0, side), min(180.0, side / 1.5)
    x = min(max((west + east - width) / 2, -180.0), 180.0 - width)
    y = min(max(-(south + north + height) / 2, -90.0), 90.0 - height)
    most = facets.places.points[0].pictures
    spots = tuple(
        Spot(
            round(point.longitude, 4),
            round(-point.latitude, 4),
            round(width / 60 * (1 + 1.5 * (point.pictures / most) ** 0.5), 4),
            _choice(
                url,
                format_filter(Condition("box", "=", ",".join(f"{edge:.4f}" for edge in point.box))),
                "box",
                f"{point.latitude:.1f}°, {point.longitude:.1f}°",
                point.pictures,
            ),
        )
        for point in facets.places.points
    )
    steps = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30)
    lines = next((step for step in steps if width / step <= 12), 30)
    boxes = [
        value_of(condition)
        for text in url.where
        for condition in conditions(parse(text))
        if condition.field == "box"
    ]
    chosen_box = next((box for box in boxes if isinstance(box, Box) and box.west <= box.east), None)
    x, y, width, height = (round(number, 4) for number in (x, y, width, height))
    return Map(x, y, width, height, lines, spots, facets.places.box, chosen_box)
