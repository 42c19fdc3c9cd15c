"""Writing of ready rows: large transactions, the job's progress, and the end of the run."""

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from indexer.indexing.cancellation import JobCancelled
from indexer.indexing.results import KnownPicture, ReadyRows, besides
from indexer.indexing.run_state import RunState
from search.catalog.catalog import Catalog
from search.catalog.jobs import Jobs, done
from search.catalog.known_files import KnownFiles
from search.catalog.records import BesidePicture, Failure, RunCounts
from search.records import Collection

# Pictures, or time, of one transaction: the most that a kill can cost.
WRITE_BATCH = 512
WRITE_EVERY_S = 2.0


class Progress(Protocol):
    """An observer of a run."""

    def begin(self, state: RunState) -> None:
        """Report the start of the run."""

    def advance(self, counts: RunCounts, total: int, at: str) -> None:
        """Report that some of the `total` files are done; `at` is the last."""


class Writer:
    """A writer of one run's rows and progress; one thread at a time, but for counts."""

    def __init__(
        self,
        catalog: Catalog,
        collection: Collection,
        known_files: KnownFiles,
        progress: Progress,
        jobs: Jobs,
        job: int,
    ) -> None:
        self.counts = RunCounts()
        self.known_files = known_files
        self._catalog = catalog
        self._collection = collection
        self._progress = progress
        self._jobs = jobs
        self._job = job
        self._lock = threading.Lock()
        self._turn = threading.RLock()
        self._closed = False
        self._rows = ReadyRows()
        self._moved_ids: set[int] = set()
        self._written_at = self._began_at = time.monotonic()
        self._total = self._at_first = 0

    def begin(self, state: RunState) -> None:
        """Record the planner's findings."""
        self._total = state.total + len(state.failures)
        self.count(found=state.found_count, unchanged=state.unchanged, failed=state.still_failed)
        self._at_first = state.unchanged + state.still_failed
        self._progress.begin(state)
        self._fail(state.failures)
        self.show_again(state.back)
        self._report("")

    def settle_identities(self, rows: ReadyRows, replaced_ids: Sequence[int]) -> None:
        """Write the pictures of the files that were identified by content.

        The pictures of `replaced_ids` are removed first: their paths hold others now.
        """
        if replaced_ids:
            self._catalog.writer.remove(self._collection, replaced_ids)
            self.count(removed=len(replaced_ids))
        # All in one call: one picture leaves each path before another takes it.
        self._move([picture for picture in rows.known_pictures if picture.moved])
        self._refresh([picture for picture in rows.known_pictures if not picture.moved])
        self._fail(rows.failures)
        if len(rows):
            self._report("")

    def show_again(self, picture_ids: Iterable[int]) -> None:
        """Show pictures again that were missing and are back."""
        ids = list(picture_ids)
        if ids:
            self._catalog.writer.mark_found(self._collection, ids)

    def recaption(self, rows: Sequence[BesidePicture], at: str) -> None:
        """Store new sidecar data of known pictures; `at` is the last one's path."""
        self._replace(rows)
        self.count(changed=len(rows))
        self._report(at)

    def put(self, rows: ReadyRows) -> None:
        """Queue rows; write them when there are many or the last write was a while ago."""
        self._rows += rows
        late = time.monotonic() - self._written_at > WRITE_EVERY_S
        if late or len(self._rows) >= WRITE_BATCH:
            self.flush()

    def flush(self) -> None:
        """Write the queued rows, and report progress; do nothing once the writer is closed."""
        with self._turn:
            if not self._closed:
                self._flush()

    def close(self) -> None:
        """Stop all writes from now on, in any thread: the lock is released."""
        with self._turn:
            self._closed = True

    def _flush(self) -> None:
        rows, self._rows = self._rows, ReadyRows()
        if rows.pictures:
            added_count, changed_count = self._catalog.writer.store(self._collection, rows.pictures)
            self.count(added=added_count, changed=changed_count)
        self._refresh([picture for picture in rows.known_pictures if not picture.moved])
        self._move([picture for picture in rows.known_pictures if picture.moved])
        self._fail(rows.failures)
        self._written_at = time.monotonic()
        if len(rows):
            self._report(str(rows.pictures[-1].file.path) if rows.pictures else "")

    def finish(self, state: RunState) -> None:
        """Remove gone pictures; record missing ones and the containers that were read whole."""
        missing = [
            picture_id
            for picture_id in dict.fromkeys(state.missing)
            if picture_id not in self._moved_ids
        ]
        if missing:
            self._catalog.writer.mark_missing(self._collection, missing)
            self.count(missing=len(missing))
        gone_ids = [
            picture_id for picture_id in state.gone_ids if picture_id not in self._moved_ids
        ]
        if gone_ids:
            self._catalog.writer.remove(self._collection, gone_ids)
            self.count(removed=len(gone_ids))
        if state.settled_paths:
            self._catalog.failures.forget(self._collection, state.settled_paths)
        if state.whole or state.lost_containers:
            self.known_files.record_containers(state.whole, state.lost_containers)
        self._report("")

    def count(self, **more: int) -> None:
        """Add to the counts; any thread may call this."""
        with self._lock:
            totals = {name: getattr(self.counts, name) + number for name, number in more.items()}
            self.counts = replace(self.counts, **totals)

    def found_more(self, number: int, unchanged_count: int) -> None:
        """Count the pictures found within a film; any thread may call this."""
        with self._lock:
            self._total += number - 1
        self.count(found=number - 1, unchanged=unchanged_count)

    def _refresh(self, pictures: Sequence[KnownPicture]) -> None:
        """Store the new times and sidecar data of files whose content is unchanged."""
        if pictures:
            states = [(picture.picture_id, picture.file) for picture in pictures]
            self._catalog.writer.refresh(self._collection, states)
            self._replace(besides(pictures))
            self.count(unchanged=len(pictures))

    def _move(self, pictures: Sequence[KnownPicture]) -> None:
        if pictures:
            states = [(picture.picture_id, picture.file) for picture in pictures]
            self._catalog.writer.move(self._collection, states)
            self._moved_ids.update(picture.picture_id for picture in pictures)
            self._replace(besides(pictures))
            self.count(moved=len(pictures))

    def _replace(self, rows: Sequence[BesidePicture]) -> None:
        if rows:
            self._catalog.writer.replace_captions(self._collection, rows)

    def _fail(self, failures: Sequence[Failure]) -> None:
        if failures:
            self._catalog.failures.record(self._collection, failures)
            self.count(failed=len(failures))

    def _report(self, at: str) -> None:
        """Update the job's row and the progress; raise JobCancelled where the job is cancelled."""
        elapsed_s = max(time.monotonic() - self._began_at, 1e-6)
        rate = (done(self.counts) - self._at_first) / elapsed_s
        more: dict[str, Any] = {"current": at} if at else {}
        with self._lock:  # so that counts and total match
            counts = self.counts
            # Shots, frames and files of two sources are found during the run.
            total = self._total = max(self._total, done(counts))
        is_cancelled = self._jobs.update(
            self._job, counts, total=total, rate=round(rate, 2), **more
        )
        self._progress.advance(counts, total, at)
        if is_cancelled:
            raise JobCancelled
