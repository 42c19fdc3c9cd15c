"""A question as it was read, and the words of a collection that a reading may name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from search.query.filters.tree import Filter
from search.query.reading import Reading
from search.query.records import Term


@dataclass(frozen=True, slots=True)
class QuestionParts:
    """A question as it was read: terms to rank by, a filter or None, and the readings in order."""

    terms: tuple[Term, ...]
    where: Filter | None = None
    readings: tuple[Reading, ...] = ()


class Vocabulary(Protocol):
    """The words of the searched collections that a reading may name."""

    def has_camera(self, words: str) -> bool:
        """Return whether a camera's name contains these words, whole and without case."""

    def column(self, name: str) -> str | None:
        """Return the extra column of this name, without case, or None."""

    def place(self, value: str) -> tuple[str, str] | None:
        """Return the column of places and its value that is this text without case, or None."""

    def is_name(self, words: str) -> bool:
        """Return whether the names of a picture, of its file and folders, have all these words."""


@dataclass(frozen=True, slots=True)
class WordLists:
    """A vocabulary in memory: cameras, columns, the values of columns of places, and names."""

    cameras: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    def has_camera(self, words: str) -> bool:
        """Return whether a camera's name contains these words, whole and without case."""
        key = f" {words.casefold()} "
        return any(key in f" {camera.casefold()} " for camera in self.cameras)

    def column(self, name: str) -> str | None:
        """Return the extra column of this name, without case, or None."""
        return next((each for each in self.columns if each.casefold() == name.casefold()), None)

    def place(self, value: str) -> tuple[str, str] | None:
        """Return the column of places and its value that is this text without case, or None."""
        key = value.casefold()
        for column, values in self.places.items():
            for each in values:
                if each.casefold() == key:
                    return column, each
        return None

    def is_name(self, words: str) -> bool:
        """Return whether a name has all of these words, without case."""
        parts = set(words.casefold().split())
        return any(parts <= set(name.casefold().split()) for name in self.names)


PLACE_COLUMNS = (
    *("city", "town", "village", "place", "location", "region", "state", "province", "country"),
    *("城市", "地点", "地方", "国家", "省"),
)
"""The names of extra columns, without case, whose values "in ..." may name."""

IsTaken = Callable[[int, int], bool]
"""A function that returns whether a part of a question has been read already."""


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list, each once."""
    return frozenset(text.split())
