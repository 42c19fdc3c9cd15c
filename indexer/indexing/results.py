"""What a run made of its files: first as the decoders tell it, then as rows for the writer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from indexer.indexing.decode import ReadFile
from indexer.indexing.run_state import Task
from search.catalog.records import BesidePicture, EmbeddedPicture, Failure, FileState


@dataclass(frozen=True, slots=True)
class SameContent:
    """A file whose content picture `picture_id` has already, here or where it was before.

    `captions_hash` is that of the picture so far.
    """

    task: Task
    file: ReadFile
    picture_id: int
    captions_hash: bytes
    moved: bool


Settled = SameContent | Failure
"""A file whose picture need not be embedded."""


@dataclass(frozen=True, slots=True)
class KnownPicture:
    """A stored picture whose file has a new state or place; `beside` where its sidecars changed."""

    picture_id: int
    file: FileState
    moved: bool
    beside: BesidePicture | None = None


@dataclass(slots=True)
class ReadyRows:
    """Rows that the writer stores as they are."""

    pictures: list[EmbeddedPicture] = field(default_factory=list)
    known: list[KnownPicture] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.pictures) + len(self.known) + len(self.failures)

    def __iadd__(self, other: Self) -> Self:
        self.pictures += other.pictures
        self.known += other.known
        self.failures += other.failures
        return self


def besides(known: Sequence[KnownPicture]) -> list[BesidePicture]:
    """Return the new captions, fields and facts of known pictures that have some."""
    return [each.beside for each in known if each.beside is not None]
