"""The planner of a store on a GPU, which compares ANN indexes with exact search there."""

import time
from dataclasses import replace

import numpy as np

from search.records import Ids, Vectors
from search.stores.faiss_store.ann_gpu import (
    GPU_PASSES,
    GpuPass,
    GpuPassName,
    missing,
    open_gpu_cagra,
    open_gpu_ivf,
)
from search.stores.faiss_store.gpu import FAILURES
from search.stores.faiss_store.store import FaissStore, Staged
from search.stores.planner.cost_model import weighed
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

    def _planned(self) -> IndexPlan | None:
        self._store.unstage()  # for its memory, and to time searches without it
        exact_us = self._exact_us()
        self._measured["exact"] = {"took_us": round(exact_us, 1)}
        self._reasons.append(f"the GPU scores every vector in {exact_us / 1000:.2f} ms")
        best: Staged | None = None
        best_us = exact_us if self._options.store == "auto" else float("inf")
        for name in self._wanted():
            self._say(f"building {name} over {self._rows:,} vectors on the GPU")
            try:
                made = self._made(name)
                staged = self._settled(made)
                cost_us = self._cost_us(staged)
                if len(made) < self._rows:
                    made.add(self._asked["picture"], self._late)
            except FAILURES as failure:
                self._reasons.append(f"{name}: the GPU failed ({failure})")
                continue
            self._measured[name] = {"took_us": round(cost_us, 1)}
            if staged.plan.target >= TARGET and cost_us < best_us:
                best, best_us = staged, cost_us
        if best is None:
            return self._exact("nothing else on the GPU finds enough in less time")
        best = Staged(best.first, replace(best.plan, reasons=tuple(self._reasons)))
        if self._store.stage(best, self._generation):
            return best.plan
        return self._exact("the GPU has no room to grow") if self._store.gave_up else None

    def _wanted(self) -> list[GpuPassName]:
        """Return the indexes to build: the requested one, or all that this build of FAISS has."""
        wanted: list[GpuPassName] = []
        for name in GPU_PASSES:
            if self._options.store not in ("auto", name):
                continue
            if why := self.missing(name) or self._too_large(name):
                self._reasons.append(why)
            else:
                wanted.append(name)
        return wanted

    def _too_large(self, name: GpuPassName) -> str:
        """Return why main memory has no room to build it: a graph is made of all rows at once."""
        allowed = self._options.memory_bytes
        wanted = self._store.rows_bytes + 2 * self._store.width * self._rows
        if name == "ivf" or allowed is None or wanted <= allowed:
            return ""
        return f"{name} would take {wanted / 1e6:,.0f} MB to build, and {allowed / 1e6:,.0f} may be"

    def _exact_us(self) -> float:
        pictures = self._asked["picture"]
        return steady_us(lambda query: self._store.search(query, 10), pictures, time.perf_counter)

    def _made(self, name: GpuPassName) -> GpuPass:
        """Return the index with all rows, or all but the rows it is measured with."""
        if name == "ivf":
            made = self.open_ivf(self._rows, self._vectors(self._for_lists()))
            for _, vectors in self._blocks(name):
                made.add(vectors)
            return made
        slots = np.empty(self._rows - len(self._late), np.int32)
        rows = np.empty((len(slots), self._store.width), np.float16)
        filled = 0
        for places, vectors in self._early_blocks(name):
            stop = filled + len(places)
            slots[filled:stop], rows[filled:stop] = places, vectors
            filled = stop
        return self.open_cagra(rows, slots)

    def _best(self, queries: Vectors, k: int) -> Ids:
        return self._store.search(queries, k)[0]  # by the copy: no ANN index is active

    def _cost_us(self, staged: Staged) -> float:
        """Return microseconds of a query, by `weighed`."""
        depths = {kind: staged.plan.depth(kind) for kind in self._asked}
        return weighed(
            took_us(staged.first, self._asked[kind], depth) + ROW_US * depth.of_10
            for kind, depth in depths.items()
        )


def planner_of(store: FaissStore, options: IndexOptions) -> type[IndexPlanner]:
    """Return the planner for the device of a store."""
    return GpuPlanner if options.device(store.device) == "cuda" else IndexPlanner
