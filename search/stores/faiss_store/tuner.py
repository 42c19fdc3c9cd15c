"""The tuner of a FAISS store: plans, ANN indexes and their files."""

from collections.abc import Callable
from pathlib import Path

from search.errors import IndexDamaged
from search.records import Vectors
from search.stores.faiss_store.ann_file import read_ann, write_ann
from search.stores.faiss_store.store import FaissStore
from search.stores.index_file import IndexHeader
from search.stores.planner.cost_model import MIN_ROWS
from search.stores.planner.gpu import planner_of
from search.stores.planner.plan import IndexOptions, IndexPlan, Report
from search.stores.planner.thresholds import exact_plan, wants_plan


class FaissTuner:
    """A tuner that measures a store's ANN indexes on the CPU or a GPU, and builds the quickest."""

    def __init__(self, store: FaissStore) -> None:
        self._store = store

    def load(self, path: Path, header: IndexHeader, options: IndexOptions) -> IndexPlan | None:
        """Activate the plan in a file; None without a file, or if it doesn't fit the options.

        Raises:
            IndexDamaged: the file can't be used.
        """
        if options.store == "exact":
            return None
        content = read_ann(path)
        if content is None:
            return None
        file_header, generation, plan, ann = content
        if _owner(file_header) != _owner(header):
            raise IndexDamaged("index-of-another-collection", "it is of another collection")
        if not plan.suits(options, self._store.device):
            return None
        return plan if ann is None or self._store.activate(ann, generation) else None

    def save(self, path: Path, header: IndexHeader, plan: IndexPlan) -> None:
        """Write a plan, and the ANN index that it chose; raises StorageFailed."""
        write_ann(path, header, plan, self._store.ann, self._store.generation)

    def active(self, plan: IndexPlan) -> bool:
        """Return whether the store is searched by the plan."""
        return plan.store == "exact" or self._store.ann is not None

    def due(self, plan: IndexPlan | None, options: IndexOptions) -> bool:
        """Return whether to measure the store, by its size, options and last plan."""
        store, device = self._store, options.device(self._store.device)
        if store.gave_up and device == "cuda":
            return False
        return wants_plan(len(store), store.width, plan, options, device)

    def exact(self, options: IndexOptions) -> IndexPlan:
        """Return the plan of a store before measurement, with the reason."""
        device = options.device(self._store.device)
        return exact_plan(len(self._store), self._store.width, options, device)

    def measure(
        self, texts: Callable[[], Vectors], options: IndexOptions, report: Report
    ) -> IndexPlan | None:
        """Measure, build and activate the quickest index.

        None where the options ask for exact search, rows are too few to learn from, or they were
        renumbered meanwhile.
        """
        if len(self._store) < MIN_ROWS or options.store == "exact":
            return None
        planner = planner_of(self._store, options)
        return planner(self._store, texts(), options, report).run()


def _owner(header: IndexHeader) -> tuple[str, int, str, str]:
    return header.catalog_id, header.collection_id, header.space_id, header.store
