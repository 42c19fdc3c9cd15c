"""The planner of a store on a GPU, which compares ANN indexes with exact search there."""

import time
from dataclasses import replace

import numpy as np

from search.records import Ids, Vectors
from search.stores.faiss_store.ann import PlannedAnn
from search.stores.faiss_store.ann_gpu import (
    GPU_ANN_NAMES,
    GpuAnn,
    GpuAnnName,
    missing,
    open_gpu_cagra,
    open_gpu_ivf,
)
from search.stores.faiss_store.gpu import FAILURES
from search.stores.faiss_store.store import FaissStore
from search.stores.planner.cost_model import combine_costs
from search.stores.planner.cpu import IndexPlanner
from search.stores.planner.measure import ROW_US, TARGET, steady_us, took_us
from search.stores.planner.plan import IndexOptions, IndexPlan


class GpuPlanner(IndexPlanner):
    """A planner that builds each index over all rows, times it, and keeps the quickest.

    A GPU builds in seconds what takes a CPU minutes, so nothing is estimated from a sample. During
    planning, the GPU has the rows three times at most.
    """

    open_ivf = staticmethod(open_gpu_ivf)
    open_cagra = staticmethod(open_gpu_cagra)
    missing = staticmethod(missing)

    def _activate_best(self) -> IndexPlan | None:
        self._store.deactivate()  # for its memory, and to time searches without it
        exact_us = self._exact_us()
        self._measurements["exact"] = {"took_us": round(exact_us, 1)}
        self._reasons.append(f"the GPU scores every vector in {exact_us / 1000:.2f} ms")
        best: PlannedAnn | None = None
        best_us = exact_us if self._options.store == "auto" else float("inf")
        for name in self._names():
            self._report(f"building {name} over {self._sample.row_count:,} vectors on the GPU")
            try:
                index = self._open(name)
                ann = self._plan(index)
                cost_us = self._cost_us(ann)
                if len(index) < self._sample.row_count:
                    index.add(self._sample.queries["picture"], self._sample.late_rows)
            except FAILURES as failure:
                self._reasons.append(f"{name}: the GPU failed ({failure})")
                continue
            self._measurements[name] = {"took_us": round(cost_us, 1)}
            if ann.plan.target >= TARGET and cost_us < best_us:
                best, best_us = ann, cost_us
        if best is None:
            return self._search_exactly("nothing else on the GPU finds enough in less time")
        best = PlannedAnn(best.index, replace(best.plan, reasons=tuple(self._reasons)))
        if self._store.activate(best, self._sample.generation):
            return best.plan
        return self._search_exactly("the GPU has no room to grow") if self._store.gave_up else None

    def _names(self) -> list[GpuAnnName]:
        """Return the indexes to build: the requested one, or all that this build of FAISS has."""
        names: list[GpuAnnName] = []
        for name in GPU_ANN_NAMES:
            if self._options.store not in ("auto", name):
                continue
            if why := self.missing(name) or self._too_large(name):
                self._reasons.append(why)
            else:
                names.append(name)
        return names

    def _too_large(self, name: GpuAnnName) -> str:
        """Return why main memory has no room to build it: a graph is made of all rows at once."""
        limit = self._options.memory_bytes
        size_bytes = self._store.rows_bytes + 2 * self._store.width * self._sample.row_count
        if name == "ivf" or limit is None or size_bytes <= limit:
            return ""
        return (
            f"{name} would take {size_bytes / 1e6:,.0f} MB to build, and {limit / 1e6:,.0f} may be"
        )

    def _exact_us(self) -> float:
        pictures = self._sample.queries["picture"]
        return steady_us(lambda query: self._store.search(query, 10), pictures, time.perf_counter)

    def _open(self, name: GpuAnnName) -> GpuAnn:
        """Return the index with all rows, or all but the rows it is measured with."""
        sample = self._sample
        if name == "ivf":
            index = self.open_ivf(sample.row_count, sample.read_for_lists())
            for _, block in sample.blocks(name):
                index.add(block)
            return index
        rows = np.empty(sample.row_count - len(sample.late_rows), np.int32)
        vectors = np.empty((len(rows), self._store.width), np.float16)
        start = 0
        for block_rows, block in sample.early_blocks(name):
            stop = start + len(block_rows)
            rows[start:stop], vectors[start:stop] = block_rows, block
            start = stop
        return self.open_cagra(vectors, rows)

    def _search(self, queries: Vectors, k: int) -> Ids:
        return self._store.search(queries, k)[0]  # by the copy: no ANN index is active

    def _cost_us(self, ann: PlannedAnn) -> float:
        """Return microseconds of a query, by `combine_costs`."""
        depths = {kind: ann.plan.depth(kind) for kind in self._sample.queries}
        return combine_costs(
            took_us(ann.index, self._sample.queries[kind], depth) + ROW_US * depth.of_10
            for kind, depth in depths.items()
        )


def planner_of(store: FaissStore, options: IndexOptions) -> type[IndexPlanner]:
    """Return the planner for the device of a store."""
    return GpuPlanner if options.device(store.device) == "cuda" else IndexPlanner
