"""Conversion of counted facets to their document."""

from collections.abc import Iterable

from search.documents import facets as documents
from search.facets import records
from search.text.printable import printable


def facets_document(facets: records.Facets) -> documents.Facets:
    """Return the document of the facets of a set of pictures."""
    return documents.Facets(
        pictures=facets.pictures,
        dates=None if facets.dates is None else _dates(facets.dates),
        **{name: _values(values) for name, values in facets.values.items()},
        orientations=_values(facets.orientations),
        megapixels=_spans(facets.megapixels),
        sizes_bytes=_spans(facets.sizes_bytes),
        colours=_values(facets.colours),
        folders=_folders(facets.folders),
        languages=_values(facets.languages),
        with_text=facets.with_text,
        columns=tuple(_column(column) for column in facets.columns),
        places=None if facets.places is None else _places(facets.places),
    )


def _values(values: Iterable[records.Value]) -> tuple[documents.Value, ...]:
    return tuple(documents.Value(value.value, value.pictures) for value in values)


def _spans(spans: Iterable[records.ValueRange]) -> tuple[documents.Span, ...]:
    return tuple(documents.Span(span.least, span.most, span.pictures) for span in spans)


def _dates(dates: records.Dates) -> documents.Dates:
    return documents.Dates(dates.unit, dates.first, dates.last, _values(dates.values))


def _folders(folders: Iterable[records.Folder]) -> tuple[documents.Folder, ...]:
    return tuple(
        documents.Folder(printable(folder.path), folder.pictures, _folders(folder.folders))
        for folder in folders
    )


def _column(column: records.Column) -> documents.Column:
    return documents.Column(
        name=column.name,
        pictures=column.pictures,
        different=column.different,
        values=_values(column.values),
        least=column.least,
        most=column.most,
    )


def _places(places: records.Places) -> documents.Places:
    points = tuple(
        documents.Point(point.latitude, point.longitude, point.box, point.pictures)
        for point in places.points
    )
    return documents.Places(places.pictures, places.box, points)
