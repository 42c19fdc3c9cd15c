"""The ANN index of a store: read from its file, or measured and built while searches go on."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from search.errors import IndexDamaged, LimnError
from search.records import Vectors
from search.stores import VectorStore
from search.stores.index_file import IndexHeader
from search.stores.planner.plan import IndexOptions, Plan

if TYPE_CHECKING:
    from search.stores.faiss_store.store import FaissStore

log = logging.getLogger(__name__)

# A store that grows is measured once it rests for so long: measuring takes the cores that searches
# and the run of the indexer want, and what it finds would hold for a part of the rows. Searches
# took 9 s at the 99th percentile beside a run while stores were measured at once.
QUIET_S = 10.0

# One that has grown so many times larger meanwhile is measured all the same.
GROWN = 4

Report = Callable[[str], None]


class Headed(Protocol):
    """What follows the change log: its index file, and what that file says of itself."""

    def header(self, store: VectorStore) -> IndexHeader:
        """What a file beside the index says of itself."""

    def save(self) -> None:
        """Write the store to its file if anything changed."""


class _Stopped(Exception):
    """The process ends: the build in progress is given up."""


class AnnBuilder:
    """Reads, measures and builds the ANN index of one store; its file lies next to the index file.

    A file that is missing, damaged or of other rows costs nothing but time: the store searches
    exactly until a new one is complete. Only a long-running process builds one by itself.
    """

    def __init__(
        self, path: Path, texts: Callable[[], Vectors], options: IndexOptions, long_running: bool
    ) -> None:
        self.path = path.with_suffix(".first")
        self._texts = texts
        self._options = options
        self._long_running = long_running
        self._plan: Plan | None = None
        self._seen: VectorStore | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._changed_at = monotonic()

    def __call__(self, follower: Headed, store: VectorStore) -> None:
        """Load or build the ANN index of a store that was opened or has changed."""
        from search.stores.faiss_store.store import FaissStore

        if not isinstance(store, FaissStore):
            return
        opened = self._seen is not store
        self._changed_at = monotonic()
        if opened:
            self._seen = store
            self._load(follower, store)
        if self._long_running and self._due(store) and not self.busy and not self._stop.is_set():
            self._thread = threading.Thread(
                target=self._in_background,
                args=(follower, store, opened),
                name="limn-plan",
                daemon=True,
            )
            self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether something is being measured or built."""
        return self._thread is not None and self._thread.is_alive()

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until the build in progress has ended."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def close(self) -> None:
        """Stop the build in progress, and start no other."""
        self._stop.set()
        self.wait()

    def plan(self, store: VectorStore) -> Plan:
        """Return the plan of the store, or why it is searched exactly."""
        from search.stores.faiss_store.store import FaissStore
        from search.stores.planner.cpu import exact_plan

        if not isinstance(store, FaissStore):
            return exact_plan(len(store), store.width, self._options)
        device = self._options.device(store.device)
        return self._held(store) or exact_plan(len(store), store.width, self._options, device)

    def measure(self, follower: Headed, store: VectorStore, report: Report) -> Plan:
        """Measure and build now, and write the result."""
        from search.stores.faiss_store.store import FaissStore
        from search.stores.planner.cost_model import LEAST_ROWS
        from search.stores.planner.gpu import planner_of

        small = len(store) < LEAST_ROWS
        if small or not isinstance(store, FaissStore) or self._options.store == "exact":
            return self.plan(store)
        planner = planner_of(store, self._options)
        made = planner(store, self._texts(), self._options, report).run()
        if made is not None:
            self._plan = made
            self._write(follower, store, made)
        return self.plan(store)

    def _due(self, store: "FaissStore") -> bool:
        from search.stores.planner.cpu import wants_plan

        device = self._options.device(store.device)
        if store.gave_up and device == "cuda":
            return False
        return wants_plan(len(store), store.width, self._held(store), self._options, device)

    def _held(self, store: "FaissStore") -> Plan | None:
        """The plan, unless its first pass is lost."""
        lost = self._plan is not None and self._plan.store != "exact" and store.staged is None
        return None if lost else self._plan

    def _load(self, follower: Headed, store: "FaissStore") -> None:
        from search.stores.faiss_store.ann_file import read_first

        if self._options.store == "exact":
            return
        try:
            found = read_first(self.path)
            if found is None:
                return
            header, generation, plan, staged = found
            ours = follower.header(store)
            if (header.catalog_id, header.collection_id, header.space_id, header.store) != (
                *(ours.catalog_id, ours.collection_id, ours.space_id),
                ours.store,
            ):
                raise IndexDamaged("it is of another collection")
            if not plan.suits(self._options, store.device):
                return
            if staged is None or store.stage(staged, generation):
                self._plan = plan
        except IndexDamaged as error:
            log.warning("first pass %s is built again: %s", self.path, error)

    def _rest(self, store: "FaissStore") -> None:
        """Wait until the store has not changed for a while."""
        rows = len(store)
        while len(store) < GROWN * rows:
            left_s = self._changed_at + QUIET_S - monotonic()
            if left_s <= 0 or self._stop.wait(left_s):
                return

    def _in_background(self, follower: Headed, store: "FaissStore", at_once: bool) -> None:
        def report(message: str) -> None:
            log.info("%s: %s", self.path.stem, message)
            if self._stop.is_set():
                raise _Stopped

        if not at_once:
            self._rest(store)
        # At the priority of all threads: one that waits for a core while it holds the interpreter's
        # lock would keep the searches waiting too.
        try:
            report("measuring how it is best searched")
            self.measure(follower, store, report)
        except _Stopped:
            pass
        except LimnError as error:
            log.warning("no first pass could be built, search stays exact: %s", error)

    def _write(self, follower: Headed, store: "FaissStore", plan: Plan) -> None:
        from search.stores.faiss_store.ann_file import write_first

        follower.save()
        try:
            header = follower.header(store)
            write_first(self.path, header, plan, store.staged, store.generation)
        except LimnError as error:
            log.warning("first pass %s was not written: %s", self.path, error)
