"""The ANN index of a store: read from its file, or measured and built while searches go on."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Protocol

from search.errors import IndexDamaged, LimnError
from search.records import Vectors
from search.stores import Tuner, VectorStore
from search.stores.index_file import IndexHeader
from search.stores.planner.plan import IndexOptions, IndexPlan, Report

log = logging.getLogger(__name__)

# A growing store is measured once it has not changed for so long: measuring takes cores from
# searches and from the indexer's run, and its result would fit only a part of the rows. Searches
# took 9 s at the 99th percentile during a run while stores were measured at once.
QUIET_S = 10.0

# A store that has grown by this factor meanwhile is measured all the same.
GROWN = 4


class IndexOwner(Protocol):
    """A follower of the change log: its index file, and the header for that file."""

    def header(self, store: VectorStore) -> IndexHeader:
        """Return the header of a file that belongs to the index."""

    def save(self) -> None:
        """Write the store to its file if anything changed."""


class _BuildStopped(Exception):
    """The process ends, so the build in progress stops."""


class AnnBuilder:
    """A builder that reads, measures and builds the ANN index of one store, in a file of its own.

    A file that is missing, damaged or of other rows costs only time: the store searches
    exactly until a new one is complete. Only a long-running process builds one by itself.
    """

    def __init__(
        self, path: Path, texts: Callable[[], Vectors], options: IndexOptions, long_running: bool
    ) -> None:
        self.path = path.with_suffix(".first")
        self._texts = texts
        self._options = options
        self._long_running = long_running
        self._plan: IndexPlan | None = None
        self._last_store: VectorStore | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._changed_at = monotonic()

    def __call__(self, follower: IndexOwner, store: VectorStore) -> None:
        """Read or build the ANN index of a store that was opened or has changed."""
        tuner = store.tuner
        if tuner is None:
            return
        is_new = self._last_store is not store
        self._changed_at = monotonic()
        if is_new:
            self._last_store = store
            self._load(follower, store, tuner)
        due = self._long_running and tuner.due(self._active(tuner), self._options)
        if due and not self.busy and not self._stop.is_set():
            self._thread = threading.Thread(
                target=self._in_background,
                args=(follower, store, is_new),
                name="limn-plan",
                daemon=True,
            )
            self._thread.start()

    @property
    def busy(self) -> bool:
        """Return whether a measurement or a build is running."""
        return self._thread is not None and self._thread.is_alive()

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until the build in progress has ended."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def close(self) -> None:
        """Stop the build in progress, and start no other."""
        self._stop.set()
        self.wait()

    def plan(self, store: VectorStore) -> IndexPlan:
        """Return the index plan of the store, or the reason why it has none."""
        tuner = store.tuner
        if tuner is None:
            return untuned_plan(len(store), self._options)
        return self._active(tuner) or tuner.exact(self._options)

    def measure(self, follower: IndexOwner, store: VectorStore, report: Report) -> IndexPlan:
        """Measure and build now, whatever the size, and keep the result."""
        tuner = store.tuner
        plan = None if tuner is None else tuner.measure(self._texts, self._options, report)
        if tuner is not None and plan is not None:
            self._plan = plan
            self._write(follower, store, tuner, plan)
        return self.plan(store)

    def _active(self, tuner: Tuner) -> IndexPlan | None:
        """Return the plan, unless its ANN index is lost."""
        return self._plan if self._plan is not None and tuner.active(self._plan) else None

    def _load(self, follower: IndexOwner, store: VectorStore, tuner: Tuner) -> None:
        try:
            plan = tuner.load(self.path, follower.header(store), self._options)
        except IndexDamaged as error:
            log.warning("ANN index %s is built again: %s", self.path, error)
        else:
            self._plan = plan or self._plan

    def _rest(self, store: VectorStore) -> None:
        """Wait until the store has not changed for a while."""
        rows = len(store)
        while len(store) < GROWN * rows:
            left_s = self._changed_at + QUIET_S - monotonic()
            if left_s <= 0 or self._stop.wait(left_s):
                return

    def _in_background(self, follower: IndexOwner, store: VectorStore, at_once: bool) -> None:
        def report(message: str) -> None:
            log.info("%s: %s", self.path.stem, message)
            if self._stop.is_set():
                raise _BuildStopped

        if not at_once:
            self._rest(store)
        # At the priority of all threads: one that waits for a core while it has the interpreter's
        # lock would keep the searches waiting too.
        try:
            report("measuring how it is best searched")
            self.measure(follower, store, report)
        except _BuildStopped:
            pass
        except LimnError as error:
            log.warning("no ANN index could be built, search stays exact: %s", error)

    def _write(
        self, follower: IndexOwner, store: VectorStore, tuner: Tuner, plan: IndexPlan
    ) -> None:
        follower.save()
        try:
            tuner.save(self.path, follower.header(store), plan)
        except LimnError as error:
            log.warning("ANN index %s was not written: %s", self.path, error)


def untuned_plan(rows: int, options: IndexOptions) -> IndexPlan:
    """Return the plan of a store without a tuner."""
    return IndexPlan(options.store, rows, reasons=("this store has no index to choose",))
