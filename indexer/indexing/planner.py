"""What a run has to do: what its sources hold against what the catalog knows."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress, islice
from pathlib import Path
from typing import Self, TypeVar

from indexer.indexing.decode import Work, is_film
from indexer.indexing.disk_queue import Spool
from indexer.indexing.missing_files import Folders, at_or_below, fate
from indexer.indexing.unchanged_files import Standing
from indexer.sources import (
    DeadLink,
    Found,
    Item,
    Note,
    Source,
    Whole,
    captions_hash,
    says_the_same,
    uncovers,
)
from indexer.sources.folder import Folder
from search.catalog.known_files import Held, Ledger
from search.catalog.records import Failure, FileMark, KnownFile
from search.errors import BadSource
from search.pictures import PICTURE_SUFFIXES
from search.pictures.containers import SUFFIXES

# Files that are looked up together: enough that a query costs little beside them.
LOOKUP_FILES = 5_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Task:
    """One file to read: its item, what is known of it, and the table that named it.

    One that is `fresh` is decoded even where its content is known.
    """

    item: Item
    known: KnownFile | None
    listed_in: Path | None
    fresh: bool = False


@dataclass(slots=True)
class Plan:
    """What is to be done, and what need not be. Nothing has been written yet."""

    work: Spool[Task] = field(default_factory=Spool)
    recaption: Spool[tuple[int, Item]] = field(default_factory=Spool)
    # Known pictures whose own facts count again, as a file beside them no longer says others.
    reread: Spool[Task] = field(default_factory=Spool)
    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    whole: list[FileMark] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    # Pictures whose folder is away, and those that were missing and are back.
    missing: list[int] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    settled: list[Path] = field(default_factory=list)
    found: int = 0
    unchanged: int = 0
    still_failed: int = 0
    # How many known files have changed.
    changed: int = 0
    # Pictures that are gone or missing by size and content: a new file with the same has moved.
    moved_from: dict[int, dict[bytes, list[Held]]] = field(default_factory=dict)
    # The pictures that were missing before this run.
    missing_before: set[int] = field(default_factory=set)
    lost_containers: list[Path] = field(default_factory=list)
    # Films and animations that may have been read before, in another version.
    reopened: set[Path] = field(default_factory=set)

    @property
    def total(self) -> int:
        """How many files the run deals with."""
        waiting = len(self.work) + len(self.recaption) + len(self.reread)
        return self.unchanged + self.still_failed + waiting

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete the files in which the work lies."""
        self.work.close()
        self.recaption.close()
        self.reread.close()


class Planner:
    """Goes through sources, one after the other, into one plan."""

    def __init__(
        self,
        ledger: Ledger | None,
        recorded: Sequence[Failure] = (),
        *,
        retry: bool = False,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """`ledger` is None for a collection that is not there yet; `recorded` failures are tried
        again when their files changed, or all of them to `retry`. `check` is called at every file;
        what it raises ends the planning.
        """
        self.plan = Plan()
        self._ledger = ledger
        self._recorded = {failure.path for failure in recorded}
        self._missing = {failure.path for failure in recorded if failure.reason == "missing"}
        self._retry = retry
        self._check = check
        for held in ledger.missing() if ledger else ():
            self.plan.missing_before.add(held.id)
            self._may_move(held)

    def add(self, source: Source) -> None:
        """Compare a source with the catalog, by path, size and time; no picture is opened.

        What lies below a folder or in a container that could not be read is not taken for gone.

        Raises:
            BadSource: the source can't be read at all, or holds nothing.
        """
        before, found_before = len(self.plan.failures), self.plan.found
        standing = Standing(self._ledger, source.root, source.table) if self._ledger else None
        kept: set[bytes] = set()
        self._there = Folders()
        touched: set[Path] = set()
        self._containers = self._ledger.containers(source.root) if self._ledger else {}
        self._same: set[bytes] = set()
        for found in _batches(self._checked(source.find(self._unchanged)), LOOKUP_FILES):
            items = [each for each in found if isinstance(each, Item)]
            for each in found:
                match each:
                    case Failure():
                        self.plan.failures.append(each)
                        touched.add(each.path)
                    case Note():
                        self.plan.notes.append(each.text)
                    case Whole():
                        self._whole(each)
                    case DeadLink():
                        self._dead_link(each)
            if self._recorded:
                touched.update(item.path for item in items if item.path in self._recorded)
            if standing is not None:
                self._there.add(os.fspath(each.path) for each in items)
            self._compare(items, source, standing, kept)
        new_failures = self.plan.failures[before:]
        nothing = self.plan.found == found_before and not self._same
        if nothing and all(failure.path == source.root for failure in new_failures):
            raise empty(source, new_failures[0].detail if new_failures else "")
        self.plan.found += len(new_failures)
        # What a table names and is not there is missing; of what can't be read nothing is known.
        kept.update(
            os.fsencode(failure.path) for failure in new_failures if failure.reason != "missing"
        )
        if standing is not None:
            self._there.add(os.fspath(failure.path) for failure in new_failures)
            self._find_gone(source, standing, kept)
        self._find_settled(source, kept | self._same, touched)

    def _checked(self, found: Iterator[Found]) -> Iterator[Found]:
        for each in found:
            self._check()
            yield each

    def _unchanged(self, mark: FileMark) -> bool:
        if self._containers.get(mark.path) != mark:
            return False
        return not (self._retry and self._failed_below(mark.path))

    def _failed_below(self, path: Path) -> bool:
        return any(path in failed.parents for failed in self._recorded)

    def _dead_link(self, link: DeadLink) -> None:
        """Take a link that leads nowhere for a failure, where pictures were found behind it."""
        if self._ledger is not None and any(self._ledger.under(link.path)):
            detail = f"can't read {str(link.path)!r}: it links to {link.target!r}, not there now"
            self.plan.failures.append(Failure(link.path, "unreadable", detail))

    def _may_move(self, held: Held) -> None:
        of_size = self.plan.moved_from.setdefault(held.size_bytes, defaultdict(list))
        of_size[held.content_hash].append(held)

    def _whole(self, found: Whole) -> None:
        self._there.add_folder(os.fsencode(found.mark.path))
        if not found.same:
            self.plan.whole.append(found.mark)
            return
        self._same.add(os.fsencode(found.mark.path))
        if found.mark.path in self._recorded:  # it could not be read, and is back as it was
            self.plan.settled.append(found.mark.path)

    def _compare(
        self, items: Sequence[Item], source: Source, standing: Standing | None, kept: set[bytes]
    ) -> None:
        self.plan.found += len(items)
        if standing is not None:
            # One that failed since it was indexed is looked at, however it stands now.
            sure = standing.unchanged(items, but=self._recorded)
            self.plan.unchanged += int(sure.sum())
            items = list(compress(items, ~sure))
        paths = [item.path for item in items]
        known = self._ledger.known(paths) if self._ledger else {}
        tried = [path for path in paths if path in self._recorded] if self._recorded else []
        failed = self._ledger.failed(tried) if self._ledger and tried and not self._retry else {}
        for item in items:
            file = known.get(item.path)
            state = (item.size_bytes, item.mtime_ns)
            same = False
            if file is not None:
                if standing is not None:
                    standing.found.append(file.picture_id)
                same = (file.size_bytes, file.mtime_ns) == state
                if same and self._recorded and item.path in self._recorded:
                    self.plan.settled.append(item.path)  # it failed, and came back as it was
            # What is in it is not known to be gone until it has been looked at.
            elif is_film(item) or item.path in self._containers:
                kept.add(os.fsencode(item.path))
                self.plan.reopened.add(item.path)
            if failed and failed.get(item.path) == state:
                self.plan.still_failed += 1
            elif file is None or not same:
                self.plan.work.put(Task(item, file, source.table))
                self.plan.changed += file is not None
            elif says_the_same(file.captions_hash, beside := captions_hash(item.told)):
                self.plan.unchanged += 1
            elif uncovers(file.captions_hash, beside):
                self.plan.reread.put(Task(item, file, source.table, fresh=True))
            else:
                self.plan.recaption.put((file.picture_id, item))

    def _find_gone(self, source: Source, standing: Standing, kept: set[bytes]) -> None:
        assert self._ledger is not None
        plan = self.plan
        missed = standing.missed()
        if plan.missing_before:
            plan.back += (plan.missing_before & standing.ids) - missed
        named = {os.fsencode(each.path) for each in plan.failures if each.reason == "missing"}
        away = Folders()
        for each in self._ledger.with_ids(missed):
            what = fate(each, self._same, kept, self._there)
            if source.table and what in ("gone", "missing"):
                what = "missing" if each.path in named else "gone"
            if what == "same":
                plan.found += 1
                plan.unchanged += 1
                plan.back += {each.id} & plan.missing_before
            elif what == "gone":
                plan.gone.append(each.id)
            elif what == "missing":
                away.add_folder(each.path)
                if each.id not in plan.missing_before:
                    plan.missing.append(each.id)
            if what in ("gone", "missing") and each.id not in plan.missing_before:
                self._may_move(each)
        plan.lost_containers += [
            path
            for path in self._containers
            if not os.path.lexists(path) and os.fsencode(path) not in away
        ]

    def _find_settled(self, source: Source, kept: set[bytes], touched: set[Path]) -> None:
        """Failures of files that are gone. Those that can be read again settle when stored."""
        if source.table is None:
            root, candidates = source.root, self._recorded
        else:  # of what a table in this folder named, and this one does not, only the files tell
            root, candidates = source.root.parent, self._missing
        self.plan.settled += [
            path
            for path in candidates - touched
            if (path == root or root in path.parents) and not at_or_below(os.fsencode(path), kept)
        ]


def empty(source: Source, why: str = "") -> BadSource:
    """The error for a source without pictures: perhaps a disk that is not mounted, or a pattern."""
    if isinstance(source, Folder) and source.narrowed_by and not why:
        return BadSource(
            f"no picture in {str(source.root)!r} fits {source.narrowed_by}; change what is left "
            "out, or index all of it. Nothing was changed"
        )
    return BadSource(
        f"there are no pictures in {str(source.root)!r}{'; ' if why else ''}{why}; Limn reads "
        f"files that end in {', '.join(sorted((*PICTURE_SUFFIXES, *SUFFIXES)))}. "
        "Nothing was changed"
    )


def _batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch


def work_of(task: Task, plan: Plan) -> Work:
    """What a worker is to do: a file whose content is known, or moved here, is only hashed."""
    if task.fresh:
        return Work(task.item, whole=task.listed_in is not None)
    known = {task.known.content_hash} if task.known else set()
    if task.known is None and task.item.size_bytes in plan.moved_from:
        known |= plan.moved_from[task.item.size_bytes].keys()
    # A list names its pictures itself: frames would be none of them.
    return Work(task.item, frozenset(known), whole=task.listed_in is not None)
