"""The counting of facets: dates, values, colours, places and columns of pictures."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from search.facets.choices import TEXT
from search.facets.columns import CodedNames, FactColumns
from search.facets.counted_set import CountedSet, Counts
from search.facets.records import (
    NOTHING,
    Column,
    Dates,
    Facets,
    Folder,
    Places,
    Point,
    Value,
    ValueRange,
)
from search.picture_facts import COUNTED
from search.query.filters.colours import NAMED
from search.query.filters.fields import COLUMN

# What a page shows of one facet; the rest is counted in no value.
MAX_VALUES = 20
MAX_FOLDERS = 300

MEGAPIXELS = (0.0, 1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 24.0, 48.0)
MEGABYTES = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 25.0, 100.0)

# Days are shown up to two months, months up to ten years.
MAX_DAYS, MAX_MONTHS = 62, 120

# Points in one of so many squares across the extent become one.
SQUARES = 24


def count(sets: Callable[[str], CountedSet], columns: Sequence[str]) -> Facets:
    """Count all facets; `sets` returns the set to count for the facet of a field's name."""
    every = sets("")
    if not every.parts:
        return NOTHING
    with_text = sets(TEXT)
    return Facets(
        pictures=every.total(np.ones(len(every.own), bool)),
        dates=_dates(sets("date")),
        values={fact.facet: _values(fact.name, sets(fact.field)) for fact in COUNTED},
        orientations=_orientations(sets("orientation")),
        megapixels=_spans(sets("megapixels"), _megapixels, MEGAPIXELS, 1.0),
        sizes_bytes=_spans(sets("size"), lambda facts: facts.rows.sizes_bytes, MEGABYTES, 1e6),
        colours=_colours(sets("colour")),
        folders=_folders(sets("folder")),
        languages=_languages(sets("language")),
        with_text=with_text.total(with_text.column(lambda facts: facts.rows.with_text)),
        columns=tuple(filter(None, (_column(name, sets(COLUMN + name)) for name in columns))),
        places=_places(sets("box")),
    )


def _dates(pictures: CountedSet) -> Dates | None:
    days, own = pictures.column(lambda facts: facts.rows.days), pictures.own
    is_known = ~np.isnat(days)
    days, own = days[is_known], own[is_known]
    if not len(days):
        return None
    first, last = days.min(), days.max()
    unit, short = "year", "Y"
    if (last - first).astype(int) < MAX_DAYS:
        unit, short = "day", "D"
    elif (last.astype("datetime64[M]") - first.astype("datetime64[M]")).astype(int) < MAX_MONTHS:
        unit, short = "month", "M"
    steps = days.astype(f"datetime64[{short}]").astype(np.int64)
    counts = pictures.count(steps - steps.min(), own).tolist()
    start = first.astype(f"datetime64[{short}]")
    values = tuple(Value(str(start + place), pictures) for place, pictures in enumerate(counts))
    return Dates(unit, str(first), str(last), values)


def _values(name: str, pictures: CountedSet) -> tuple[Value, ...]:
    codes = pictures.column(lambda facts: facts.rows.values[name])
    return _commonest(pictures.count(codes), pictures.parts[0].facts.codes.facts[name])


def _commonest(counts: Counts, names: CodedNames) -> tuple[Value, ...]:
    first = np.arange(len(counts))
    if len(counts) > MAX_VALUES:
        first = np.argpartition(-counts, MAX_VALUES)[:MAX_VALUES]
    values = [Value(names.values[code], int(counts[code])) for code in first.tolist()]
    return _order(value for value in values if value.pictures)


def _order(values: Iterable[Value]) -> tuple[Value, ...]:
    """Order values, the commonest first."""
    by_count = sorted(values, key=lambda value: (-value.pictures, value.value))
    return tuple(by_count[:MAX_VALUES])


def _orientations(pictures: CountedSet) -> tuple[Value, ...]:
    wider = pictures.column(lambda facts: facts.rows.widths_px - facts.rows.heights_px)
    counts = pictures.count(np.sign(wider) + 1).tolist()
    pairs = zip(("portrait", "square", "landscape"), counts, strict=False)
    return _order(Value(*pair) for pair in pairs if pair[1])


def _megapixels(facts: FactColumns) -> NDArray[np.float64]:
    return facts.rows.widths_px.astype(np.int64) * facts.rows.heights_px / 1e6


def _spans(
    pictures: CountedSet,
    numbers: Callable[[FactColumns], NDArray[np.float64] | NDArray[np.int64]],
    edges: Sequence[float],
    unit: float,
) -> tuple[ValueRange, ...]:
    limits = [edge * unit for edge in edges]
    spans = np.searchsorted(np.array(limits), pictures.column(numbers), side="right") - 1
    ends = [*limits[1:], None]
    counts = pictures.count(spans).tolist()
    pairs = zip(limits, ends, counts, strict=False)  # the largest spans may be of no picture
    return tuple(ValueRange(*span) for span in pairs if span[2])


def _colours(pictures: CountedSet) -> tuple[Value, ...]:
    passes, own = pictures.sums(pictures.column(lambda facts: facts.rows.colours))
    sets = np.flatnonzero(passes)  # of colours: few next to the pictures
    has = sets[:, None] >> np.arange(len(NAMED)) & 1
    counts = pictures.settle(passes[sets] @ has, own[sets] @ has).tolist()
    return tuple(Value(*pair) for pair in zip(NAMED, counts, strict=True) if pair[1])


def _folders(pictures: CountedSet) -> tuple[Folder, ...]:
    """Return the folders as a tree, only the largest where there are too many."""
    counts = _folder_counts(pictures)
    below: dict[str, list[str]] = {}
    for path, _ in counts.most_common(MAX_FOLDERS):
        below.setdefault(str(PurePosixPath(path).parent), []).append(path)

    def tree_of(path: str) -> Folder:
        inner = sorted(child for child in below.get(path, []) if child != path)
        return Folder(path, counts[path], tuple(map(tree_of, inner)))

    roots = [path for path in ("/", ".") if counts[path]]
    while len(roots) == 1:  # a folder around everything gives no information
        inner = [child for child in below.get(roots[0], []) if child != roots[0]]
        if len(inner) != 1 or counts[inner[0]] < counts[roots[0]]:
            break
        roots = inner
    return tuple(map(tree_of, roots))


def _folder_counts(pictures: CountedSet) -> Counter[str]:
    """Return the number of pictures in each folder and everything below it."""
    passes, own = pictures.sums(pictures.column(lambda facts: facts.rows.folders))
    names = pictures.parts[0].facts.codes.folders
    sums: dict[str, NDArray[np.int64]] = {}
    for code in np.flatnonzero(passes).tolist():
        folder, pair = names.values[code], np.array((passes[code], own[code]))
        for path in (folder, *map(str, PurePosixPath(folder).parents)):
            sums[path] = sums.get(path, 0) + pair
    totals = {path: int(pictures.settle(*pair)) for path, pair in sums.items()}
    return Counter({path: pictures for path, pictures in totals.items() if pictures})


def _languages(pictures: CountedSet) -> tuple[Value, ...]:
    counts = {}
    for name in sorted({name for part in pictures.parts for name in part.facts.languages}):
        own = pictures.cells(lambda facts, name=name: facts.languages.get(name))[2]  # type: ignore[misc]
        counts[name] = pictures.total(np.ones(len(own), bool), own)
    return _order(Value(*pair) for pair in counts.items() if pair[1])


def _column(name: str, pictures: CountedSet) -> Column | None:
    texts, numbers, own = pictures.cells(lambda facts: facts.columns.get(name))
    if not len(texts):
        return None
    counts = pictures.count(texts, own)
    is_known = ~np.isnan(numbers)
    values, places = np.unique(numbers[is_known], return_inverse=True)
    times = pictures.count(places, own[is_known])
    most = np.argsort(-times, kind="stable")[:MAX_VALUES]
    number_values = [Value(f"{values[place]:.15g}", int(times[place])) for place in most.tolist()]
    return Column(
        name=name,
        pictures=pictures.total(np.ones(len(own), bool), own),
        different=int((counts > 0).sum()) + len(values),
        values=_order([*_commonest(counts, pictures.parts[0].facts.codes.texts), *number_values]),
        least=float(values[0]) if len(values) else None,
        most=float(values[-1]) if len(values) else None,
    )


def _places(pictures: CountedSet) -> Places | None:
    north = pictures.column(lambda facts: facts.rows.latitudes)
    east = pictures.column(lambda facts: facts.rows.longitudes)
    is_known = ~np.isnan(north)
    north, east, own = north[is_known], east[is_known], pictures.own[is_known]
    if not len(north):
        return None
    # A little larger, so that points at an end are in the last square.
    side = 1.001 * max(float(np.ptp(north)), float(np.ptp(east)), 1e-3) / SQUARES
    rows, columns = (north - north.min()) // side, (east - east.min()) // side
    of = (rows * SQUARES + columns).astype(np.int16)  # small numbers are sorted quickest
    order = np.argsort(of, kind="stable")
    ends = np.flatnonzero(np.diff(of[order])) + 1
    counts = pictures.count(of, own).tolist()
    points = [
        Point(
            float(north[at].mean()),
            float(east[at].mean()),
            _box(north[at], east[at]),
            counts[of[at[0]]],
        )
        for at in np.split(order, ends)
    ]
    points.sort(key=lambda point: -point.pictures)
    total = pictures.total(np.ones(len(own), bool), own)
    return Places(total, _box(north, east), tuple(points))


def _box(
    north: NDArray[np.float64], east: NDArray[np.float64]
) -> tuple[float, float, float, float]:
    """Return the south, west, north, east around points, slightly wider: four decimals."""
    least = np.floor(np.array([north.min(), east.min()]) * 1e4) / 1e4
    most = np.ceil(np.array([north.max(), east.max()]) * 1e4) / 1e4
    return float(least[0]), float(least[1]), float(most[0]), float(most[1])
