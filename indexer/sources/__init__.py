"""Sources of pictures: the records that every kind of source yields."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from indexer.sources.storable import storable_captions, storable_fields
from search.catalog.records import Failure, FileStamp
from search.errors import Message, system_reason
from search.pictures.metadata.places import Place
from search.records import Caption, Fields


@dataclass(frozen=True, slots=True)
class SidecarFacts:
    """Facts of a picture from its sidecar, which take precedence over the picture's own.

    `taken_at_else` counts where neither has a date: one in UTC, from a catalog.
    """

    taken_at: str | None = None
    place: Place | None = None
    taken_at_else: str | None = None


NO_FACTS = SidecarFacts()


@dataclass(frozen=True, slots=True)
class SidecarData:
    """Captions and extra columns of a picture."""

    captions: tuple[Caption, ...] = ()
    fields: Fields = field(default_factory=dict)
    facts: SidecarFacts = NO_FACTS

    def __post_init__(self) -> None:
        """Reduce the data to storable values: texts, names and numbers come from any file."""
        if self.captions or self.fields:
            object.__setattr__(self, "captions", storable_captions(self.captions))
            object.__setattr__(self, "fields", storable_fields(self.fields))


def combine(parts: Iterable[SidecarData]) -> SidecarData:
    """Combine the data of several sources about a picture; of two values, the first counts."""
    captions: dict[Caption, None] = {}
    fields: dict[str, str | float] = {}
    facts = NO_FACTS
    for each in parts:
        captions.update(dict.fromkeys(each.captions))
        fields = {**each.fields, **fields}
        facts = SidecarFacts(
            facts.taken_at or each.facts.taken_at,
            facts.place or each.facts.place,
            facts.taken_at_else or each.facts.taken_at_else,
        )
    return SidecarData(tuple(captions), fields, facts)


DIGEST_BYTES = 16

# The part of a digest that does not reach the sign of a time in nanoseconds.
MARK_BYTES = 7

# Facts that a source may give in place of the file; bits of a captions hash's last byte.
RATING, TAKEN, PLACE, TAKEN_ELSE = 1, 2, 4, 8


def captions_hash(sidecar: SidecarData) -> bytes:
    """Return bytes that differ where captions, their languages or kinds, fields or facts do.

    The last of the 17 bytes encodes the file's own facts that the sidecar data replaces.
    """
    return NOTHING_HASH if sidecar is NOTHING else _captions_hash(sidecar)


def _captions_hash(sidecar: SidecarData) -> bytes:
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for caption in sidecar.captions:
        for part in (caption.text, caption.language or "", caption.kind):
            digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    for name, value in sorted(sidecar.fields.items()):
        digest.update(f"\1{name}\0{value!r}".encode("utf-8", "surrogatepass"))
    if sidecar.facts != NO_FACTS:
        digest.update(f"\2{sidecar.facts!r}".encode())
    return digest.digest() + bytes([_coverage(sidecar)])


def _coverage(sidecar: SidecarData) -> int:
    return (
        RATING * ("rating" in sidecar.fields)
        + TAKEN * (sidecar.facts.taken_at is not None)
        + PLACE * (sidecar.facts.place is not None)
        + TAKEN_ELSE * (sidecar.facts.taken_at_else is not None)
    )


def says_the_same(one: bytes, other: bytes) -> bool:
    """Return whether two captions hashes match; hashes of old versions have 16 bytes."""
    return one[:DIGEST_BYTES] == other[:DIGEST_BYTES]


def uncovers(before: bytes, after: bytes) -> bool:
    """Return whether facts of the file itself count again, so that the file must be read."""
    was, is_now = (
        each[DIGEST_BYTES] if len(each) > DIGEST_BYTES else 0 for each in (before, after)
    )
    return bool(was & ~is_now or was & TAKEN_ELSE)


def stale_hash(before: bytes) -> bytes:
    """Return a captions hash that never matches: the next run reads the picture again."""
    return bytes(DIGEST_BYTES) + before[DIGEST_BYTES:]


NOTHING = SidecarData()

# Most files of most collections have no sidecar data.
NOTHING_HASH = _captions_hash(NOTHING)


@dataclass(frozen=True, slots=True)
class Item:
    """A picture as a scan found it: one stat, and its sidecar data.

    A picture in a container has the container's time, and its size in the container.
    A film is an item itself: the worker that reads it finds its shots.
    """

    path: Path
    size_bytes: int
    mtime_ns: int
    sidecar: SidecarData = NOTHING


def container_mark(item: Item) -> FileStamp:
    """Return the stamp of a film or an animation, which changes with its sidecar data too."""
    beside = (
        0 if item.sidecar == NOTHING else int.from_bytes(captions_hash(item.sidecar)[:MARK_BYTES])
    )
    return FileStamp(item.path, item.size_bytes, item.mtime_ns ^ beside)


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the user: a file that was passed over, and the reason."""

    text: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A container that was read to its end, or is unchanged since it was (`same`)."""

    mark: FileStamp
    same: bool


@dataclass(frozen=True, slots=True)
class DeadLink:
    """A symbolic link without a target: perhaps a folder on a disk that is not mounted."""

    path: Path
    target: str


ScanResult = Item | Failure | Note | Whole | DeadLink

IsUnchanged = Callable[[FileStamp], bool]
"""A test of whether a container is unchanged since it was last read to its end."""


class Source(Protocol):
    """A place that pictures come from.

    `root` is the folder of its pictures: pictures indexed at or below it that are not found again
    are gone. A source that is a list names its pictures itself: pictures it no longer names are
    gone, at any path, and `table` is its path.
    """

    @property
    def root(self) -> Path:
        """Return the folder of the pictures, or the path of the list."""

    @property
    def table(self) -> Path | None:
        """Return the path of the list, or None."""

    def find(self, is_unchanged: IsUnchanged) -> Iterator[ScanResult]:
        """Yield all pictures in it, one after the other, in constant memory.

        A folder or a container that can't be read is a failure; nothing below it counts as gone.

        Raises:
            BadSource: it can't be read at all, or its layout is wrong.
        """


def leads_out(path: Path) -> Message:
    """Return the message for a path outside the folders that confine the source."""
    return Message(
        "picture-behind-link-out",
        "{name} is a link, or lies behind one, that leads out of the folders that may be indexed "
        "from here; it was skipped",
        name=repr(str(path)),
    )


def not_read(path: Path, error: OSError, reason: str = "unreadable") -> Failure:
    """Return the failure of a file or a folder that the operating system does not let be read."""
    detail = Message(
        "picture-not-read",
        "can't read {name}: {reason}",
        name=repr(str(path)),
        reason=system_reason(error),
    )
    return Failure(path, reason, detail)


def found_in(source: Source) -> list[Item]:
    """Return the pictures of a source that is known to be small."""
    return [each for each in source.find(lambda _: False) if isinstance(each, Item)]
