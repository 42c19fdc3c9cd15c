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
    unchanged_files: UnchangedFiles | None = None
    containers: dict[Path, FileStamp] = field(default_factory=dict)
    # Unread paths, so that nothing below them counts as gone; unchanged containers.
    unread: set[bytes] = field(default_factory=set)
    same: set[bytes] = field(default_factory=set)
    # Folders with found files, and paths that failed or are read again.
    there: SearchedFolders = field(default_factory=SearchedFolders)
    touched_paths: set[Path] = field(default_factory=set)


class RunPlanner:
    """A pass through sources, one after the other, that builds the state of one run."""

    def __init__(
        self,
        known_files: KnownFiles | None,
        failures: Sequence[Failure] = (),
        missing: Iterable[KnownFileRow] = (),
        *,
        retry: bool = False,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Start the state of a run; `known_files` is None for a new collection.

        The `failures` are tried again when their files changed, or all of them with `retry`.
        `missing` are the pictures whose files the last run did not find.
        `check` is called at every file; its exception ends the planning.
        """
        self.state = RunState()
        self._known_files = known_files
        self._failed_paths = {failure.path for failure in failures}
        self._missing = {failure.path for failure in failures if failure.reason == "missing"}
        self._retry = retry
        self._check = check
        for row in missing:
            self.state.missing_before.add(row.id)
            self._may_move(row)

    def add(self, source: Source) -> None:
        """Compare a source with the catalog, by path, size and time; no picture is opened.

        Pictures below a folder or in a container that could not be read do not count as gone.

        Raises:
            BadSource: the source can't be read at all, or holds nothing.
        """
        failed_before, found_before = len(self.state.failures), self.state.found_count
        scan = self._scan(source)
        for batch in _batches(self._find(scan), LOOKUP_FILES):
            self._take(scan, batch)
        failures = self.state.failures[failed_before:]
        nothing = self.state.found_count == found_before and not scan.same
        if nothing and all(failure.path == source.root for failure in failures):
            raise empty(source, failures[0].detail if failures else "")
        self.state.found_count += len(failures)
        # A file that a table names and that does not exist is missing, an unreadable one unknown.
        scan.unread.update(
            os.fsencode(failure.path) for failure in failures if failure.reason != "missing"
        )
        if scan.unchanged_files is not None and self._known_files is not None:
            scan.there.add(os.fspath(failure.path) for failure in failures)
            self._find_gone(scan, scan.unchanged_files, self._known_files)
        self._find_settled(scan)

    def _scan(self, source: Source) -> _SourceScan:
        if self._known_files is None:
            return _SourceScan(source)
        unchanged_files = UnchangedFiles(self._known_files, source.root, source.table)
        return _SourceScan(source, unchanged_files, self._known_files.containers(source.root))

    def _take(self, scan: _SourceScan, batch: Sequence[ScanResult]) -> None:
        items = [result for result in batch if isinstance(result, Item)]
        for result in batch:
            match result:
                case Failure():
                    self.state.failures.append(result)
                    scan.touched_paths.add(result.path)
                case Note():
                    self.state.notes.append(result.text)
                case Whole():
                    self._whole(scan, result)
                case DeadLink():
                    self._dead_link(result)
        if self._failed_paths:
            scan.touched_paths.update(self._failed_paths.intersection(item.path for item in items))
        if scan.unchanged_files is not None:
            scan.there.add(os.fspath(item.path) for item in items)
        self._compare(scan, items)

    def _find(self, scan: _SourceScan) -> Iterator[ScanResult]:
        for result in scan.source.find(lambda mark: self._is_unchanged(scan, mark)):
            self._check()
            yield result

    def _is_unchanged(self, scan: _SourceScan, mark: FileStamp) -> bool:
        if scan.containers.get(mark.path) != mark:
            return False
        return not (self._retry and self._failed_below(mark.path))

    def _failed_below(self, path: Path) -> bool:
        return any(path in failed_path.parents for failed_path in self._failed_paths)

    def _dead_link(self, link: DeadLink) -> None:
        """Record a dead link as a failure, where pictures were found behind it before."""
        if self._known_files is not None and any(self._known_files.under(link.path)):
            detail = Message(
                "picture-link-dead",
                "can't read {name}: it links to {target!r}, which does not exist",
                name=repr(str(link.path)),
                target=link.target,
            )
            self.state.failures.append(Failure(link.path, "unreadable", detail))

    def _may_move(self, row: KnownFileRow) -> None:
        of_size = self.state.moved_from.setdefault(row.size_bytes, defaultdict(list))
        of_size[row.content_hash].append(row)

    def _whole(self, scan: _SourceScan, container: Whole) -> None:
        scan.there.add_folder(os.fsencode(container.mark.path))
        if not container.same:
            self.state.whole.append(container.mark)
            return
        scan.same.add(os.fsencode(container.mark.path))
        if container.mark.path in self._failed_paths:  # unreadable before, and now unchanged again
            self.state.settled_paths.append(container.mark.path)

    def _compare(self, scan: _SourceScan, items: Sequence[Item]) -> None:
        self.state.found_count += len(items)
        if scan.unchanged_files is not None:
            # A file that failed after it was indexed is read again, even if unchanged.
            unchanged_rows = scan.unchanged_files.find_unchanged(items, but=self._failed_paths)
            self.state.unchanged += int(unchanged_rows.sum())
            items = list(compress(items, ~unchanged_rows))
        paths = [item.path for item in items]
        known_by_path = self._known_files.by_path(paths) if self._known_files else {}
        tried_paths = list(self._failed_paths.intersection(paths)) if self._failed_paths else []
        failed_states: dict[Path, tuple[int | None, int | None]] = {}
        if self._known_files and tried_paths and not self._retry:
            failed_states = self._known_files.final_failures(tried_paths)
        for item in items:
            file = known_by_path.get(item.path)
            state = (item.size_bytes, item.mtime_ns)
            same = False
            if file is not None:
                if scan.unchanged_files is not None:
                    scan.unchanged_files.found_ids.append(file.picture_id)
                same = (file.size_bytes, file.mtime_ns) == state
                if same and self._failed_paths and item.path in self._failed_paths:
                    self.state.settled_paths.append(item.path)  # it failed, and is unchanged again
            # Its pictures do not count as gone until it has been read.
            elif is_film(item) or item.path in scan.containers:
                scan.unread.add(os.fsencode(item.path))
                self.state.reopened_paths.add(item.path)
            if failed_states and failed_states.get(item.path) == state:
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

    def _find_gone(
        self, scan: _SourceScan, unchanged_files: UnchangedFiles, known_files: KnownFiles
    ) -> None:
        state = self.state
        missed_ids = unchanged_files.missed_ids()
        if state.missing_before:
            state.back += (state.missing_before & unchanged_files.ids) - missed_ids
        named_paths = {
            os.fsencode(failure.path) for failure in state.failures if failure.reason == "missing"
        }
        away = SearchedFolders()
        for row in known_files.with_ids(missed_ids) if missed_ids else ():
            what = fate(row, scan.same, scan.unread, scan.there)
            if scan.source.table and what in ("gone", "missing"):
                what = "missing" if row.path in named_paths else "gone"
            if what == "same":
                state.found_count += 1
                state.unchanged += 1
                state.back += {row.id} & state.missing_before
            elif what == "gone":
                state.gone_ids.append(row.id)
            elif what == "missing":
                away.add_folder(row.path)
                if row.id not in state.missing_before:
                    state.missing.append(row.id)
            if what in ("gone", "missing") and row.id not in state.missing_before:
                self._may_move(row)
        state.lost_containers += [
            path
            for path in scan.containers
            if not os.path.lexists(path) and os.fsencode(path) not in away
        ]

    def _find_settled(self, scan: _SourceScan) -> None:
        """List the failures of files that are gone; those of readable files settle when stored."""
        source, unread = scan.source, scan.unread | scan.same
        if source.table is None:
            root, candidates = source.root, self._failed_paths
        else:  # another table's pictures in this folder: only their files decide
            root, candidates = source.root.parent, self._missing
        self.state.settled_paths += [
            path
            for path in candidates - scan.touched_paths
            if (path == root or root in path.parents) and not at_or_below(os.fsencode(path), unread)
        ]


def _batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch
