"""Records of the facets of a set of pictures."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from search.picture_facts import COUNTED
from search.records import Ids


@dataclass(frozen=True, slots=True)
class Value:
    """One value, and how many pictures have it."""

    value: str
    pictures: int


@dataclass(frozen=True, slots=True)
class ValueRange:
    """A range of numbers, from `least` to below `most`, which is None for the last."""

    least: float
    most: float | None
    pictures: int


@dataclass(frozen=True, slots=True)
class Dates:
    """Pictures by "day", "month" or "year", without gaps between the first and the last."""

    unit: str
    first: str
    last: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with everything below it."""

    path: str
    pictures: int
    folders: "tuple[Folder, ...]" = ()


@dataclass(frozen=True, slots=True)
class Column:
    """An extra column: its commonest values, and the range of its numbers."""

    name: str
    pictures: int
    different: int
    values: tuple[Value, ...]
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """Pictures near each other: their centre and the box around them, in degrees."""

    latitude: float
    longitude: float
    box: tuple[float, float, float, float]
    pictures: int


@dataclass(frozen=True, slots=True)
class Places:
    """The places of pictures, with the box (south, west, north, east) around all of them."""

    pictures: int
    box: tuple[float, float, float, float]
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Facets:
    """The facets of a set of pictures; each is counted under the filter without its own part.

    `values` are the counts of facts, by their facets' names.
    """

    pictures: int
    dates: Dates | None
    values: Mapping[str, tuple[Value, ...]]
    orientations: tuple[Value, ...]
    megapixels: tuple[ValueRange, ...]
    sizes_bytes: tuple[ValueRange, ...]
    colours: tuple[Value, ...]
    folders: tuple[Folder, ...]
    languages: tuple[Value, ...]
    with_text: int
    columns: tuple[Column, ...]
    places: Places | None


NO_VALUES: Mapping[str, tuple[Value, ...]] = {fact.facet: () for fact in COUNTED}
NOTHING = Facets(0, None, NO_VALUES, (), (), (), (), (), (), 0, (), None)

NO_IDS: Ids = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class AnswerSet:
    """The pictures of an answer as they are without its filters, to count what filters leave.

    `ids` are ascending; None stands for every picture. `left_out_ids` are in no answer. So many of
    the best pictures as `at_least` are in the answer under any filter, in `ids` or not.
    """

    ids: Ids | None = None
    left_out_ids: Ids = field(default_factory=lambda: NO_IDS)
    at_least: int = 0

    @property
    def key(self) -> tuple[object, ...]:
        """Return what tells this set from another."""
        parts = (self.ids, self.left_out_ids)
        return (self.at_least, *(None if ids is None else ids.tobytes() for ids in parts))


EVERYTHING = AnswerSet()
