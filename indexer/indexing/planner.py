"""Planning of a run: the differences between its sources and the catalog."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress, islice
from pathlib import Path
from typing import TypeVar

from indexer.indexing.decode import is_film
from indexer.indexing.missing_files import SearchedFolders, at_or_below, fate
from indexer.indexing.run_state import RunState, Task
from indexer.indexing.unchanged_files import UnchangedFiles
from indexer.sources import (
    DeadLink,
    Item,
    Note,
    ScanResult,
    Source,
    Whole,
    captions_hash,
    says_the_same,
    uncovers,
)
from indexer.sources.walk import empty
from search.catalog.known_files import KnownFileRow, KnownFiles
from search.catalog.records import Failure, FileStamp
from search.errors import Message

# Files per look-up: enough that the query's fixed cost is small.
LOOKUP_FILES = 5_000

T = TypeVar("T")


@dataclass(slots=True)
class _SourceScan:
    """One source during its comparison with the catalog; paths as bytes, as in the catalog."""

    source: Source
    # Of an existing collection: its pictures of this source, and the containers read whole.
    indexed: UnchangedFiles | None = None
    containers: dict[Path, FileStamp] = field(default_factory=dict)
    # Unread paths, so that nothing below them counts as gone; unchanged containers.
    unread: set[bytes] = field(default_factory=set)
    same: set[bytes] = field(default_factory=set)
    # Folders with found files, and paths that failed or are read again.
    there: SearchedFolders = field(default_factory=SearchedFolders)
    touched: set[Path] = field(default_factory=set)


class RunPlanner:
    """A pass through sources, one after the other, that builds the state of one run."""

    def __init__(
        self,
        ledger: KnownFiles | None,
        recorded: Sequence[Failure] = (),
        missing: Iterable[KnownFileRow] = (),
        *,
        retry: bool = False,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Start the state of a run; `ledger` (the known files) is None for a new collection.

        `recorded` failures are tried again when their files changed, or all of them with `retry`.
        `missing` are the pictures whose files the last run did not find.
        `check` is called at every file; its exception ends the planning.
        """
        self.state = RunState()
        self._ledger = ledger
        self._recorded = {failure.path for failure in recorded}
        self._missing = {failure.path for failure in recorded if failure.reason == "missing"}
        self._retry = retry
        self._check = check
        for held in missing:
            self.state.missing_before.add(held.id)
            self._may_move(held)

    def add(self, source: Source) -> None:
        """Compare a source with the catalog, by path, size and time; no picture is opened.

        Pictures below a folder or in a container that could not be read do not count as gone.

        Raises:
            BadSource: the source can't be read at all, or holds nothing.
        """
        failed_before, found_before = len(self.state.failures), self.state.found
        scan = self._scan(source)
        for found in _batches(self._find(scan), LOOKUP_FILES):
            self._take(scan, found)
        failures = self.state.failures[failed_before:]
        nothing = self.state.found == found_before and not scan.same
        if nothing and all(failure.path == source.root for failure in failures):
            raise empty(source, failures[0].detail if failures else "")
        self.state.found += len(failures)
        # A file that a table names and that does not exist is missing, an unreadable one unknown.
        scan.unread.update(
            os.fsencode(failure.path) for failure in failures if failure.reason != "missing"
        )
        if scan.indexed is not None:
            scan.there.add(os.fspath(failure.path) for failure in failures)
            self._find_gone(scan, scan.indexed)
        self._find_settled(scan)

    def _scan(self, source: Source) -> _SourceScan:
        if self._ledger is None:
            return _SourceScan(source)
        indexed = UnchangedFiles(self._ledger, source.root, source.table)
        return _SourceScan(source, indexed, self._ledger.containers(source.root))

    def _take(self, scan: _SourceScan, found: Sequence[ScanResult]) -> None:
        items = [each for each in found if isinstance(each, Item)]
        for each in found:
            match each:
                case Failure():
                    self.state.failures.append(each)
                    scan.touched.add(each.path)
                case Note():
                    self.state.notes.append(each.text)
                case Whole():
                    self._whole(scan, each)
                case DeadLink():
                    self._dead_link(each)
        if self._recorded:
            scan.touched.update(item.path for item in items if item.path in self._recorded)
        if scan.indexed is not None:
            scan.there.add(os.fspath(each.path) for each in items)
        self._compare(scan, items)

    def _find(self, scan: _SourceScan) -> Iterator[ScanResult]:
        for found in scan.source.find(lambda mark: self._unchanged(scan, mark)):
            self._check()
            yield found

    def _unchanged(self, scan: _SourceScan, mark: FileStamp) -> bool:
        if scan.containers.get(mark.path) != mark:
            return False
        return not (self._retry and self._failed_below(mark.path))

    def _failed_below(self, path: Path) -> bool:
        return any(path in failed.parents for failed in self._recorded)

    def _dead_link(self, link: DeadLink) -> None:
        """Record a dead link as a failure, where pictures were found behind it before."""
        if self._ledger is not None and any(self._ledger.under(link.path)):
            detail = Message(
                "picture-link-dead",
                "can't read {name}: it links to {target!r}, which does not exist",
                name=repr(str(link.path)),
                target=link.target,
            )
            self.state.failures.append(Failure(link.path, "unreadable", detail))

    def _may_move(self, held: KnownFileRow) -> None:
        of_size = self.state.moved_from.setdefault(held.size_bytes, defaultdict(list))
        of_size[held.content_hash].append(held)

    def _whole(self, scan: _SourceScan, found: Whole) -> None:
        scan.there.add_folder(os.fsencode(found.mark.path))
        if not found.same:
            self.state.whole.append(found.mark)
            return
        scan.same.add(os.fsencode(found.mark.path))
        if found.mark.path in self._recorded:  # unreadable before, and now unchanged again
            self.state.settled.append(found.mark.path)

    def _compare(self, scan: _SourceScan, items: Sequence[Item]) -> None:
        self.state.found += len(items)
        if scan.indexed is not None:
            # A file that failed after it was indexed is read again, even if unchanged.
            sure = scan.indexed.unchanged(items, but=self._recorded)
            self.state.unchanged += int(sure.sum())
            items = list(compress(items, ~sure))
        paths = [item.path for item in items]
        known = self._ledger.by_path(paths) if self._ledger else {}
        tried = [path for path in paths if path in self._recorded] if self._recorded else []
        failed = (
            self._ledger.final_failures(tried) if self._ledger and tried and not self._retry else {}
        )
        for item in items:
            file = known.get(item.path)
            state = (item.size_bytes, item.mtime_ns)
            same = False
            if file is not None:
                if scan.indexed is not None:
                    scan.indexed.found.append(file.picture_id)
                same = (file.size_bytes, file.mtime_ns) == state
                if same and self._recorded and item.path in self._recorded:
                    self.state.settled.append(item.path)  # it failed, and is unchanged again
            # Its pictures do not count as gone until it has been read.
            elif is_film(item) or item.path in scan.containers:
                scan.unread.add(os.fsencode(item.path))
                self.state.reopened.add(item.path)
            if failed and failed.get(item.path) == state:
                self.state.still_failed += 1
            elif file is None or not same:
                self.state.work.put(Task(item, file, scan.source.table))
                self.state.changed += file is not None
            elif says_the_same(file.captions_hash, beside := captions_hash(item.sidecar)):
                self.state.unchanged += 1
            elif uncovers(file.captions_hash, beside):
                self.state.reread.put(Task(item, file, scan.source.table, fresh=True))
            else:
                self.state.recaption.put((file.picture_id, item))

    def _find_gone(self, scan: _SourceScan, indexed: UnchangedFiles) -> None:
        assert self._ledger is not None
        state = self.state
        missed = indexed.missed()
        if state.missing_before:
            state.back += (state.missing_before & indexed.ids) - missed
        named = {os.fsencode(each.path) for each in state.failures if each.reason == "missing"}
        away = SearchedFolders()
        for each in self._ledger.with_ids(missed) if missed else ():
            what = fate(each, scan.same, scan.unread, scan.there)
            if scan.source.table and what in ("gone", "missing"):
                what = "missing" if each.path in named else "gone"
            if what == "same":
                state.found += 1
                state.unchanged += 1
                state.back += {each.id} & state.missing_before
            elif what == "gone":
                state.gone.append(each.id)
            elif what == "missing":
                away.add_folder(each.path)
                if each.id not in state.missing_before:
                    state.missing.append(each.id)
            if what in ("gone", "missing") and each.id not in state.missing_before:
                self._may_move(each)
        state.lost_containers += [
            path
            for path in scan.containers
            if not os.path.lexists(path) and os.fsencode(path) not in away
        ]

    def _find_settled(self, scan: _SourceScan) -> None:
        """List the failures of files that are gone; those of readable files settle when stored."""
        source, unread = scan.source, scan.unread | scan.same
        if source.table is None:
            root, candidates = source.root, self._recorded
        else:  # another table's pictures in this folder: only their files decide
            root, candidates = source.root.parent, self._missing
        self.state.settled += [
            path
            for path in candidates - scan.touched
            if (path == root or root in path.parents) and not at_or_below(os.fsencode(path), unread)
        ]


def _batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch
