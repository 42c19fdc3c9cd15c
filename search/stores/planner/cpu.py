"""The index planner: measures ANN indexes on a store's own vectors, and builds the quickest."""

import math

import numpy as np

from search.records import Ids, Vectors
from search.stores.faiss_store.ann import AnnIndex, PlannedAnn, lists
from search.stores.faiss_store.ann_cpu import CpuAnn, CpuAnnName
from search.stores.faiss_store.ann_training import train
from search.stores.faiss_store.locality import CACHE_BYTES, Clusters
from search.stores.faiss_store.store import FaissStore
from search.stores.planner.cost_model import Expectation
from search.stores.planner.depths import DepthMeasurement
from search.stores.planner.measure import TARGET
from search.stores.planner.plan import IndexOptions, IndexPlan, Report
from search.stores.planner.sample import RowsRenumbered, StoreSample

# The indexes to measure, each only if none before it is expected to take less than so many
# microseconds: a graph over 100,000 vectors takes half a minute to build, a scan's codes a second.
CHOICES: tuple[tuple[CpuAnnName, int], ...] = (("scan", 0), ("hnsw", 80), ("ivf", 250))

# A graph takes five times a scan's memory, and fifty times as long to build: it must be this much
# quicker.
WORTH = 0.75


class IndexPlanner:
    """A planner that measures and builds for a store, which is searched and may grow meanwhile."""

    cache_bytes = CACHE_BYTES

    def __init__(
        self, store: FaissStore, texts: Vectors, options: IndexOptions, report: Report
    ) -> None:
        """Take `texts` (n, width), embeddings of typical text queries, or none."""
        self._store = store
        self._options = options
        self._report = report
        self._device = options.device(store.device)
        self._sample = StoreSample(store, texts, report)
        self._depths = DepthMeasurement(self._sample, self._search)
        self._reasons = [self._depths.describe_queries()]
        self._refusals: dict[str, str] = {}
        self._measurements: dict[str, dict[str, float]] = {}
        self._widths: dict[CpuAnnName, int] = {}

    def run(self) -> IndexPlan | None:
        """Measure, build and activate the best ANN index; None if the rows were renumbered."""
        try:
            return self._activate_best()
        except RowsRenumbered:
            return None

    def _activate_best(self) -> IndexPlan | None:
        for name in self._order():
            self._report(f"building {name} over {self._sample.row_count:,} vectors")
            ann = self._build(name)
            if ann.plan.target >= TARGET:
                return ann.plan if self._store.activate(ann, self._sample.generation) else None
            self._reasons.append(
                f"{name} found only {ann.plan.target:.3f} of the best ten, under {TARGET}"
            )
        self._reasons += self._refusals.values()
        return self._search_exactly("nothing else finds enough, or fits the memory allowed")

    def _search_exactly(self, why: str) -> IndexPlan:
        """Search exactly from now on."""
        self._reasons.append(f"exact: {why}")
        self._store.deactivate()
        return IndexPlan(
            store="exact",
            vectors=self._sample.row_count,
            target=1.0,
            reasons=tuple(self._reasons),
            measured=self._measurements,
            device=self._device,
            wished=self._options.store,
        )

    def _order(self) -> list[CpuAnnName]:
        """Return the ANN indexes that may be built, the one expected to be quickest first."""
        sample = self._sample
        expectation = Expectation(
            sample.vectors, sample.queries, sample.training_queries, sample.row_count
        )
        expected: dict[CpuAnnName, float] = {}
        for name, beyond_us in self._choices():
            if min(expected.values(), default=math.inf) < beyond_us:
                break
            quickest = expectation.quickest(name, self._fits)
            if quickest is None:
                continue
            self._widths[name], expected_us = quickest
            self._reasons.append(
                f"{name} is quickest with {quickest[0]} of {self._store.width} directions"
            )
            expected[name] = expected_us
            self._measurements[name] = {"expected_us": round(expected_us, 1)}
            self._report(f"{name}: {expected_us:,.0f} µs expected for a query")
        order = sorted(expected, key=lambda name: expected[name] / (WORTH if name == "hnsw" else 1))
        if order:
            times = ", ".join(f"{name} {expected[name] / 1000:.2f} ms" for name in order)
            self._reasons.append(
                f"expected for a query over {sample.row_count:,} vectors, "
                f"from {len(sample.vectors):,}: {times}"
            )
        return order

    def _choices(self) -> tuple[tuple[CpuAnnName, int], ...]:
        """Return the indexes to measure: all, or the requested one whatever time is expected."""
        store = self._options.store
        if store in ("auto", "exact"):
            return CHOICES
        self._reasons.append(f"{store} was asked for")
        choices = tuple((name, 0) for name, _ in CHOICES if name == store)
        if not choices:
            self._reasons.append(f"{store} is for GPUs, and this store has none")
        return choices

    def _fits(self, index: CpuAnn) -> bool:
        limit = self._options.memory_bytes
        if limit is None:
            return True
        size_bytes = self._store.rows_bytes + index.bytes_per_row * self._sample.row_count
        if size_bytes > limit:
            self._refusals[index.name] = (
                f"{index.name} would take {size_bytes / 1e6:,.0f} MB, and {limit / 1e6:,.0f} may be"
            )
        return size_bytes <= limit

    def _build(self, name: CpuAnnName) -> PlannedAnn:
        """Return an ANN index over all rows, and its depths."""
        rows, vectors = self._sample.row_count, self._sample.vectors
        if name == "ivf" and lists(rows, len(vectors)) < lists(rows, rows):
            vectors = self._sample.read_for_lists()
        index = train(name, vectors, self._sample.training_queries, self._widths[name], rows)
        if name == "hnsw":
            return self._build_graph(index)
        for _, block in self._sample.blocks(name):
            index.add(block)
        return self._plan(index)

    def _build_graph(self, index: CpuAnn) -> PlannedAnn:
        """Add all rows, laid out for the caches; the rows it is measured with come last."""
        far = index.bytes_per_row * self._sample.row_count > self.cache_bytes
        clusters = Clusters(index.reduction.vectors(self._sample.vectors)) if far else None
        cells: list[Ids] = []
        for rows, vectors in self._sample.early_blocks(index.name):
            index.add(vectors, rows)
            if clusters is not None:
                cells.append(clusters.of(index.reduction.vectors(vectors)))
        if cells:
            index.arrange(np.concatenate(cells))
        ann = self._plan(index)
        index.add(self._sample.queries["picture"], self._sample.late_rows)
        return ann

    def _plan(self, index: AnnIndex) -> PlannedAnn:
        """Return the ANN index with its plan, as measured."""
        rows = self._sample.row_count
        depths = self._depths.measure(index)
        self._reasons += depths.reasons
        plan = IndexPlan(
            store=index.name,
            vectors=rows,
            target=depths.recall,
            memory_bytes=index.bytes_per_row + self._store.rows_bytes / max(1, rows),
            text=depths.text,
            picture=depths.picture,
            reasons=tuple(self._reasons),
            measured=self._measurements,
            device=self._device,
            wished=self._options.store,
        )
        return PlannedAnn(index, plan)

    def _search(self, queries: Vectors, k: int) -> Ids:
        return self._store.exact(queries, k)[0]
