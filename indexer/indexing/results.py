"""Results of a run's files: first from the decoders, then as rows for the writer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from indexer.indexing.decode import ReadFile
from indexer.indexing.run_state import Task
from search.catalog.records import BesidePicture, EmbeddedPicture, Failure, FileState


@dataclass(frozen=True, slots=True)
class SameContent:
    """A file with the content of the stored picture `picture_id`, at the same or another path.

    `captions_hash` is the picture's present one.
    """

    task: Task
    file: ReadFile
    picture_id: int
    captions_hash: bytes
    moved: bool


PlainResult = SameContent | Failure
"""A file whose picture need not be embedded."""


@dataclass(frozen=True, slots=True)
class KnownPicture:
    """A stored picture whose file has a new state or place, with any changed sidecar data."""

    picture_id: int
    file: FileState
    moved: bool
    beside: BesidePicture | None = None


@dataclass(slots=True)
class ReadyRows:
    """Rows that the writer stores as they are."""

    pictures: list[EmbeddedPicture] = field(default_factory=list)
    known_pictures: list[KnownPicture] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.pictures) + len(self.known_pictures) + len(self.failures)

    def __iadd__(self, other: Self) -> Self:
        self.pictures += other.pictures
        self.known_pictures += other.known_pictures
        self.failures += other.failures
        return self


def besides(pictures: Sequence[KnownPicture]) -> list[BesidePicture]:
    """Return the new captions, fields and facts of known pictures that have some."""
    return [picture.beside for picture in pictures if picture.beside is not None]
