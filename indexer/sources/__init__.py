"""Where pictures come from: what a source yields, whatever it is."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from indexer.gate import kept_captions, kept_fields
from search.records import Caption, Failure, Fields, FileMark


@dataclass(frozen=True, slots=True)
class Told:
    """What stands beside a picture: captions, and further columns."""

    captions: tuple[Caption, ...] = ()
    fields: Fields = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Let in what can be stored: texts, names and numbers come from anybody's files."""
        if self.captions or self.fields:
            object.__setattr__(self, "captions", kept_captions(self.captions))
            object.__setattr__(self, "fields", kept_fields(self.fields))


def captions_hash(told: Told) -> bytes:
    """16 bytes that differ where the captions, their languages or kinds, or the fields do."""
    return NOTHING_HASH if told is NOTHING else _captions_hash(told)


def _captions_hash(told: Told) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for caption in told.captions:
        for part in (caption.text, caption.language or "", caption.kind):
            digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    for name, value in sorted(told.fields.items()):
        digest.update(f"\1{name}\0{value!r}".encode("utf-8", "surrogatepass"))
    return digest.digest()


NOTHING = Told()

# Most files of most collections have nothing beside them.
NOTHING_HASH = _captions_hash(NOTHING)


@dataclass(frozen=True, slots=True)
class Item:
    """A picture as a scan found it: one stat, and what stands beside it.

    A picture in a container has the container's time, and the size that the container gives it.
    A film is an item itself: its shots are found by the worker that reads it.
    """

    path: Path
    size_bytes: int
    mtime_ns: int
    told: Told = NOTHING


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the user's eyes: what was passed over, and why."""

    text: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A container that was read to its end, or that is as it was when it last was (`same`)."""

    mark: FileMark
    same: bool


Found = Item | Failure | Note | Whole

Unchanged = Callable[[FileMark], bool]
"""Whether a container is as it was when it was last read to its end."""


class Source(Protocol):
    """A place that pictures come from.

    `root` is where its pictures lie: what is indexed at or below it and was not found again is
    gone. A source that is a list names its pictures itself: then those are gone that it names no
    more, wherever they lie, and `table` is its path.
    """

    @property
    def root(self) -> Path: ...

    @property
    def table(self) -> Path | None: ...

    def find(self, unchanged: Unchanged) -> Iterator[Found]:
        """Everything in it, one after the other; memory does not grow with their number.

        A folder or a container that can't be read is a failure; nothing below it counts as gone.

        Raises:
            BadSource: it can't be read at all, or is not laid out as it must be.
        """


def leads_out(path: Path) -> str:
    """Return what is said of a path that leads out of the folders that a source is confined to."""
    return (
        f"{str(path)!r} is a link, or lies behind one, that leads out of the folders that may be "
        "indexed from here; it was passed over"
    )


def found_in(source: Source) -> list[Item]:
    """The pictures of a source that is known to be small."""
    return [each for each in source.find(lambda _: False) if isinstance(each, Item)]
