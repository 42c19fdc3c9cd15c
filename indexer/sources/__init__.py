"""Where pictures come from: what a source yields, whatever it is."""

from dataclasses import dataclass, field
from pathlib import Path

from search.records import Caption, Failure


@dataclass(frozen=True, slots=True)
class Item:
    """A picture file as a scan found it: one stat, and the captions that stand beside it."""

    path: Path
    size_bytes: int
    mtime_ns: int
    captions: tuple[Caption, ...] = ()


@dataclass(slots=True)
class Scan:
    """What a scan found. `notes` are for the user's eyes: what was passed over, and why.

    A folder that can't be read is a failure; nothing below it counts as gone.
    """

    root: Path
    items: list[Item] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
