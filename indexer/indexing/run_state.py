"""The state of a run: work to do, files that need none, and results so far."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from indexer.indexing.decode import Work
from indexer.indexing.disk_queue import DiskQueue
from indexer.sources import Item
from search.catalog.known_files import KnownFileRow
from search.catalog.records import Failure, FileStamp, KnownFile


@dataclass(frozen=True, slots=True)
class Task:
    """A file to read: its item, its known state, and the table that named it.

    A `fresh` one is decoded even where its content is known.
    """

    item: Item
    known_file: KnownFile | None
    listed_in: Path | None
    fresh: bool = False


@dataclass(slots=True)
class RunState:
    """The work and the findings of a run; the planner fills it, and it grows during the run."""

    work: DiskQueue[Task] = field(default_factory=DiskQueue)
    recaption: DiskQueue[tuple[int, Item]] = field(default_factory=DiskQueue)
    # Known pictures whose own facts count again, as their sidecar no longer gives others.
    reread: DiskQueue[Task] = field(default_factory=DiskQueue)
    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    whole: list[FileStamp] = field(default_factory=list)
    gone_ids: list[int] = field(default_factory=list)
    # Pictures whose folder does not exist, and those that were missing and are back.
    missing: list[int] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    settled_paths: list[Path] = field(default_factory=list)
    found_count: int = 0
    unchanged: int = 0
    still_failed: int = 0
    # The number of known files that have changed.
    changed: int = 0
    # Gone or missing pictures, by size and content: a new file with the same content has moved.
    moved_from: dict[int, dict[bytes, list[KnownFileRow]]] = field(default_factory=dict)
    # The pictures that were missing before this run.
    missing_before: set[int] = field(default_factory=set)
    lost_containers: list[Path] = field(default_factory=list)
    # Films and animations that may have been read before, in another version.
    reopened_paths: set[Path] = field(default_factory=set)

    @property
    def total(self) -> int:
        """The number of files in the run."""
        to_do = len(self.work) + len(self.recaption) + len(self.reread)
        return self.unchanged + self.still_failed + to_do

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete the disk queues."""
        self.work.close()
        self.recaption.close()
        self.reread.close()


def work_of(task: Task, state: RunState) -> Work:
    """Return a decoder's work: a file whose content is known, or moved here, is only hashed."""
    if task.fresh:
        return Work(task.item, whole=task.listed_in is not None)
    known_hashes = {task.known_file.content_hash} if task.known_file else set()
    if task.known_file is None and task.item.size_bytes in state.moved_from:
        known_hashes |= state.moved_from[task.item.size_bytes].keys()
    # A list names its pictures itself, so frames are not pictures of it.
    return Work(task.item, frozenset(known_hashes), whole=task.listed_in is not None)
