"""Writing of ready rows: large transactions, the job's progress, and the end of the run."""

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from indexer.indexing.cancellation import Cancelled
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

    def planned(self, state: RunState) -> None:
        """Report the start of the run."""

    def advanced(self, counts: RunCounts, total: int, at: str) -> None:
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
        self._moved: set[int] = set()
        self._written_at = self._began_at = time.monotonic()
        self._total = self._at_first = 0

    def begin(self, state: RunState) -> None:
        """Record the planner's findings."""
        self._total = state.total + len(state.failures)
        self.count(found=state.found, unchanged=state.unchanged, failed=state.still_failed)
        self._at_first = state.unchanged + state.still_failed
        self._progress.planned(state)
        self._fail(state.failures)
        self.show_again(state.back)
        self._report("")

    def settle_identities(self, rows: ReadyRows, replaced: Sequence[int]) -> None:
        """Write the pictures of the files that were identified by content.

        The `replaced` pictures are removed first: their paths hold others now.
        """
        if replaced:
            self._catalog.writer.remove(self._collection, replaced)
            self.count(removed=len(replaced))
        # All in one call: one picture leaves each path before another takes it.
        self._move([each for each in rows.known if each.moved])
        self._refresh([each for each in rows.known if not each.moved])
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
            added, changed = self._catalog.writer.store(self._collection, rows.pictures)
            self.count(added=added, changed=changed)
        self._refresh([each for each in rows.known if not each.moved])
        self._move([each for each in rows.known if each.moved])
        self._fail(rows.failures)
        self._written_at = time.monotonic()
        if len(rows):
            self._report(str(rows.pictures[-1].file.path) if rows.pictures else "")

    def finish(self, state: RunState) -> None:
        """Remove gone pictures; record missing ones and the containers that were read whole."""
        missing = [each for each in dict.fromkeys(state.missing) if each not in self._moved]
        if missing:
            self._catalog.writer.mark_missing(self._collection, missing)
            self.count(missing=len(missing))
        gone = [each for each in state.gone if each not in self._moved]
        if gone:
            self._catalog.writer.remove(self._collection, gone)
            self.count(removed=len(gone))
        if state.settled:
            self._catalog.failures.forget(self._collection, state.settled)
        if state.whole or state.lost_containers:
            self.known_files.record_containers(state.whole, state.lost_containers)
        self._report("")

    def count(self, **more: int) -> None:
        """Add to the counts; any thread may call this."""
        with self._lock:
            held = {name: getattr(self.counts, name) + number for name, number in more.items()}
            self.counts = replace(self.counts, **held)

    def found_more(self, number: int, unchanged: int) -> None:
        """Count the pictures found within a film; any thread may call this."""
        with self._lock:
            self._total += number - 1
        self.count(found=number - 1, unchanged=unchanged)

    def _refresh(self, known: Sequence[KnownPicture]) -> None:
        """Store the new times and sidecar data of files whose content is unchanged."""
        if known:
            states = [(each.picture_id, each.file) for each in known]
            self._catalog.writer.refresh(self._collection, states)
            self._replace(besides(known))
            self.count(unchanged=len(known))

    def _move(self, known: Sequence[KnownPicture]) -> None:
        if known:
            states = [(each.picture_id, each.file) for each in known]
            self._catalog.writer.move(self._collection, states)
            self._moved.update(each.picture_id for each in known)
            self._replace(besides(known))
            self.count(moved=len(known))

    def _replace(self, rows: Sequence[BesidePicture]) -> None:
        if rows:
            self._catalog.writer.replace_captions(self._collection, rows)

    def _fail(self, failed: Sequence[Failure]) -> None:
        if failed:
            self._catalog.failures.record(self._collection, failed)
            self.count(failed=len(failed))

    def _report(self, at: str) -> None:
        """Update the job's row and the progress; raise Cancelled where the job is cancelled."""
        elapsed_s = max(time.monotonic() - self._began_at, 1e-6)
        rate = (done(self.counts) - self._at_first) / elapsed_s
        more: dict[str, Any] = {"current": at} if at else {}
        with self._lock:  # so that counts and total match
            counts = self.counts
            # Shots, frames and files of two sources are found during the run.
            total = self._total = max(self._total, done(counts))
        cancelled = self._jobs.update(self._job, counts, total=total, rate=round(rate, 2), **more)
        self._progress.advanced(counts, total, at)
        if cancelled:
            raise Cancelled
