"""The counting of facets: dates, values, colours, places and columns of pictures."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from search.facets.columns import CodedNames, Codes, FactColumns
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

Mask = NDArray[np.bool_]
Counts = NDArray[np.int64]

# What a page shows of one facet; the rest is counted in no value.
MAX_VALUES = 20
MAX_FOLDERS = 300

MEGAPIXELS = (0.0, 1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 24.0, 48.0)
MEGABYTES = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 25.0, 100.0)

# Days are shown up to two months, months up to ten years.
MAX_DAYS, MAX_MONTHS = 62, 120

# Points in one of so many squares across the extent become one.
SQUARES = 24


Part = tuple[FactColumns, Mask]
"""A collection's facts, and the mask of its pictures to count."""


def count(parts: Callable[[str], Sequence[Part]], columns: Sequence[str]) -> Facets:
    """Count all facets; `parts` returns the parts to count for the facet of a field's name."""
    every = parts("")
    if not every:
        return NOTHING
    return Facets(
        pictures=sum(int(mask.sum()) for _, mask in every),
        dates=_dates(parts("date")),
        values={fact.facet: _values(fact.name, parts(fact.field)) for fact in COUNTED},
        orientations=_orientations(parts("orientation")),
        megapixels=_spans(parts("megapixels"), _megapixels, MEGAPIXELS, 1.0),
        sizes_bytes=_spans(parts("size"), lambda facts: facts.rows.sizes_bytes, MEGABYTES, 1e6),
        colours=_colours(every),
        folders=_folders(parts("folder")),
        languages=_languages(every),
        with_text=sum(int(facts.rows.with_text[mask].sum()) for facts, mask in every),
        columns=tuple(filter(None, (_column(name, parts(COLUMN + name)) for name in columns))),
        places=_places(parts("box")),
    )


def _dates(parts: Sequence[Part]) -> Dates | None:
    days = np.concatenate([facts.rows.days[mask] for facts, mask in parts])
    days = days[~np.isnat(days)]
    if not len(days):
        return None
    first, last = days.min(), days.max()
    unit, short = "year", "Y"
    if (last - first).astype(int) < MAX_DAYS:
        unit, short = "day", "D"
    elif (last.astype("datetime64[M]") - first.astype("datetime64[M]")).astype(int) < MAX_MONTHS:
        unit, short = "month", "M"
    steps = days.astype(f"datetime64[{short}]").astype(np.int64)
    counts = np.bincount(steps - steps.min()).tolist()
    start = first.astype(f"datetime64[{short}]")
    values = tuple(Value(str(start + place), pictures) for place, pictures in enumerate(counts))
    return Dates(unit, str(first), str(last), values)


def _values(name: str, parts: Sequence[Part]) -> tuple[Value, ...]:
    codes = np.concatenate([facts.rows.values[name][mask] for facts, mask in parts])
    return _commonest(_count_codes(codes), parts[0][0].codes.facts[name])


def _count_codes(codes: Codes) -> Counts:
    """Return the number of occurrences of each code, by code."""
    return np.bincount(codes[codes >= 0])


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


def _orientations(parts: Sequence[Part]) -> tuple[Value, ...]:
    wider = np.concatenate(
        [(facts.rows.widths_px - facts.rows.heights_px)[mask] for facts, mask in parts]
    )
    counts = {
        "landscape": int((wider > 0).sum()),
        "portrait": int((wider < 0).sum()),
        "square": int((wider == 0).sum()),
    }
    return _order(Value(*pair) for pair in counts.items() if pair[1])


def _megapixels(facts: FactColumns) -> NDArray[np.float64]:
    return facts.rows.widths_px.astype(np.int64) * facts.rows.heights_px / 1e6


def _spans(
    parts: Sequence[Part],
    numbers: Callable[[FactColumns], NDArray[np.float64] | NDArray[np.int64]],
    edges: Sequence[float],
    unit: float,
) -> tuple[ValueRange, ...]:
    values = np.concatenate([numbers(facts)[mask] for facts, mask in parts])
    limits = [edge * unit for edge in edges]
    counts = np.histogram(values, [*limits, np.inf])[0].tolist()
    ends = [*limits[1:], None]
    return tuple(ValueRange(*span) for span in zip(limits, ends, counts, strict=True) if span[2])


def _colours(parts: Sequence[Part]) -> tuple[Value, ...]:
    bits = np.concatenate([facts.rows.colours[mask] for facts, mask in parts])
    counts = [int((bits >> np.uint16(place) & np.uint16(1)).sum()) for place in range(len(NAMED))]
    return tuple(Value(*pair) for pair in zip(NAMED, counts, strict=True) if pair[1])


def _folders(parts: Sequence[Part]) -> tuple[Folder, ...]:
    """Return the folders as a tree, only the largest where there are too many."""
    counts: Counter[str] = Counter()
    for facts, mask in parts:
        folder_counts = _count_codes(facts.rows.folders[mask])
        for code in np.flatnonzero(folder_counts).tolist():
            folder = facts.codes.folders.values[code]
            for path in (folder, *map(str, PurePosixPath(folder).parents)):
                counts[path] += int(folder_counts[code])
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


def _languages(parts: Sequence[Part]) -> tuple[Value, ...]:
    counts: Counter[str] = Counter()
    for facts, mask in parts:
        for language, cells in facts.languages.items():
            counts[language] += int(mask[cells.rows].sum())
    return _order(Value(*pair) for pair in counts.items() if pair[1])


def _column(name: str, parts: Sequence[Part]) -> Column | None:
    columns = [(facts.columns[name], mask) for facts, mask in parts if name in facts.columns]
    texts = np.concatenate([cells.texts[mask[cells.rows]] for cells, mask in columns])
    numbers = np.concatenate([cells.numbers[mask[cells.rows]] for cells, mask in columns])
    if not len(texts):
        return None
    counts = _count_codes(texts)
    values, times = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
    most = np.argsort(-times, kind="stable")[:MAX_VALUES]
    number_values = [Value(f"{values[place]:.15g}", int(times[place])) for place in most.tolist()]
    return Column(
        name=name,
        pictures=len(texts),
        different=int((counts > 0).sum()) + len(values),
        values=_order([*_commonest(counts, parts[0][0].codes.texts), *number_values]),
        least=float(values[0]) if len(values) else None,
        most=float(values[-1]) if len(values) else None,
    )


def _places(parts: Sequence[Part]) -> Places | None:
    rows = [(facts.rows, mask & ~np.isnan(facts.rows.latitudes)) for facts, mask in parts]
    north = np.concatenate([arrays.latitudes[mask] for arrays, mask in rows])
    east = np.concatenate([arrays.longitudes[mask] for arrays, mask in rows])
    if not len(north):
        return None
    # A little larger, so that points at an end are in the last square.
    side = 1.001 * max(float(np.ptp(north)), float(np.ptp(east)), 1e-3) / SQUARES
    rows, columns = (north - north.min()) // side, (east - east.min()) // side
    of = (rows * SQUARES + columns).astype(np.int16)  # small numbers are sorted quickest
    order = np.argsort(of, kind="stable")
    ends = np.flatnonzero(np.diff(of[order])) + 1
    points = [
        Point(float(north[at].mean()), float(east[at].mean()), _box(north[at], east[at]), len(at))
        for at in np.split(order, ends)
    ]
    points.sort(key=lambda point: -point.pictures)
    return Places(len(north), _box(north, east), tuple(points))


def _box(
    north: NDArray[np.float64], east: NDArray[np.float64]
) -> tuple[float, float, float, float]:
    """Return the south, west, north, east around points, slightly wider: four decimals."""
    least = np.floor(np.array([north.min(), east.min()]) * 1e4) / 1e4
    most = np.ceil(np.array([north.max(), east.max()]) * 1e4) / 1e4
    return float(least[0]), float(least[1]), float(most[0]), float(most[1])
