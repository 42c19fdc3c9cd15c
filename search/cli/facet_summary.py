"""The facets of a collection, one a line, for `limn info`."""

from collections.abc import Iterable, Iterator

from search.facets.records import Column, Facets, Folder, Value

MAX_TOLD = 5


def summed_up(facets: Facets) -> Iterator[tuple[str, str]]:
    """Yield the facets that have values, each as its name and a short text."""
    if facets.dates is not None:
        dates = facets.dates
        pictures = sum(value.pictures for value in dates.values)
        yield "taken", f"{dates.first} to {dates.last} ({pictures:,})"
    for name, values in (
        *sorted(facets.values.items()),
        ("shapes", facets.orientations),
        ("colours", sorted(facets.colours, key=lambda value: -value.pictures)),
        ("languages", (Value(value.value or "?", value.pictures) for value in facets.languages)),
        ("folders", map(_folder, facets.folders)),
    ):
        text = _values(values)
        if text:
            yield name, text
    if facets.places is not None:
        south, west, north, east = facets.places.box
        inside = f"{south:.2f},{west:.2f},{north:.2f},{east:.2f}"
        yield "places", f"within {inside} ({facets.places.pictures:,})"
    for column in facets.columns:
        yield f"field {column.name}", _column(column)


def _values(values: Iterable[Value]) -> str:
    every = [value for value in values if value.pictures]
    texts = [f"{value.value} ({value.pictures:,})" for value in every[:MAX_TOLD]]
    return ", ".join([*texts, *(["..."] if len(every) > MAX_TOLD else [])])


def _folder(folder: Folder) -> Value:
    return Value(folder.path, folder.pictures)


def _column(column: Column) -> str:
    if column.least is not None and column.different > MAX_TOLD:
        return f"{column.least:g} to {column.most:g} ({column.pictures:,})"
    if column.different == column.pictures > MAX_TOLD:
        return f"{column.different:,} different ({column.pictures:,})"
    return _values(column.values)
