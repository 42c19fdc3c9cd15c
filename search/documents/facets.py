"""The documents of facets: counts of the pictures in collections."""

from typing import Annotated

from msgspec import Meta, Struct

from search.documents.members import Share, about, expects
from search.documents.search_request import (
    ConceptNames,
    LessIds,
    MinusTexts,
    MoreIds,
    PlainPieces,
    SimilarIds,
    Understand,
    WordTexts,
)
from search.query.sorting import STRICTNESS, Strictness

Box = Annotated[
    tuple[float, ...],
    Meta(min_length=4, max_length=4),
    about("south, west, north, east, in degrees"),
]


class Value(Struct, frozen=True):
    """A value, and its number of pictures."""

    value: str
    pictures: int


class Span(Struct, frozen=True):
    """A range of numbers from `least` to below `most`; the last has no end."""

    least: float
    most: float | None
    pictures: int


class Dates(Struct, frozen=True):
    """Pictures by day, month or year."""

    unit: Annotated[str, about("day, month or year")]
    first: str
    last: str
    values: tuple[Value, ...]


class Folder(Struct, frozen=True):
    """A folder with everything below it."""

    path: str
    pictures: Annotated[int, about("in it and below it")]
    folders: tuple["Folder", ...]


class Column(Struct, frozen=True):
    """An extra column: its commonest values, and the range of its numbers."""

    name: str
    pictures: Annotated[int, about("that have it")]
    different: Annotated[int, about("different values")]
    values: Annotated[tuple[Value, ...], about("the commonest first")]
    least: float | None
    most: float | None


class Point(Struct, frozen=True):
    """Pictures near each other: their centre and the box around them."""

    latitude: float
    longitude: float
    box: Box
    pictures: int


class Places(Struct, frozen=True):
    """The places where pictures were taken."""

    pictures: int
    box: Box
    points: tuple[Point, ...]


class Facets(Struct, frozen=True, kw_only=True):
    """Counts of pictures that pass a filter; each facet is counted without its own condition."""

    pictures: int
    dates: Dates | None
    cameras: tuple[Value, ...]
    formats: tuple[Value, ...]
    orientations: tuple[Value, ...]
    megapixels: tuple[Span, ...]
    sizes_bytes: tuple[Span, ...]
    colours: tuple[Value, ...]
    folders: tuple[Folder, ...]
    languages: Annotated[tuple[Value, ...], about("of captions; may be empty")]
    with_text: Annotated[int, about("pictures in which text was read")] = 0
    columns: tuple[Column, ...]
    places: Places | None


class FacetFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for facets: of a collection, or of the answer to a question in it."""

    where: Annotated[str, about("a filter, such as: date >= 2021 and camera ~ canon")] = ""
    q: WordTexts = ()
    minus: MinusTexts = ()
    similar: SimilarIds = ()
    concept: ConceptNames = ()
    more: MoreIds = ()
    less: LessIds = ()
    cutoff: Annotated[Share, about("count only the hits that Limn is as sure of")] = 0.0
    strictness: Annotated[
        Strictness | None,
        about("how sure a hit must be to be counted; usual, unless there is a cutoff"),
        expects(f"it may be: {', '.join(STRICTNESS)}"),
    ] = None
    understand: Understand = False
    plain: PlainPieces = ()
