"""The expected time of a query over all rows of a store, estimated from a sample."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import mean

import numpy as np

from search.records import QueryKind, Vectors
from search.stores.faiss_store.ann_cpu import CpuAnn, CpuAnnName, graph_bytes
from search.stores.faiss_store.ann_training import train
from search.stores.faiss_store.locality import CACHE_BYTES
from search.stores.faiss_store.reduction import reduce
from search.stores.planner.measure import TARGET, measure_depth, nearest, required_depth, took_us
from search.stores.planner.plan import Depth

# Fewer rows can't train an ANN index, whatever the user chose.
MIN_ROWS = 1_000

WIDTHS = (64, 96, 128, 192, 256, 384)

# Among 5 times as many vectors 1.75 times as many candidates include the best ten, among 50 times
# as many 3.3 times; reading and scoring one candidate costs this much.
DEPTH_GROWTH = 0.35
CANDIDATE_US = 0.2

# A graph over 100,000 vectors is walked with a queue of about this length, for any width.
# Each place in it costs this much, and more for each direction; or the latency of memory, where
# vectors and neighbours exceed the caches. One thread of the machine of the benchmarks.
QUEUE, QUEUED_ROWS = 128, 100_000
PLACE_US, DIRECTION_US = 0.42, 0.0065
FAR_US = 1.9

# A search of N times as many vectors takes N to this power times as long, as measured from
# 20,000 to a million. The candidates of a graph are ranked from Python.
GROWTHS: dict[CpuAnnName, float] = {"scan": 1.0, "ivf": 0.9, "hnsw": 0.55}
FROM_PYTHON_US = 60

# A width within this factor of the quickest graph's time is as good, and takes less memory.
STEADY = 0.9


def combine_costs(costs_us: Iterable[float]) -> float:
    """Return the time of a query over all kinds, in which the slower kind counts more."""
    return math.sqrt(mean(cost_us**2 for cost_us in costs_us))


Fits = Callable[[CpuAnn], bool]
"""A test of whether such an ANN index, over all rows, has room in memory."""


class Expectation:
    """An estimate of query times, from ANN indexes built over a sample."""

    def __init__(
        self,
        sample: Vectors,
        queries_by_kind: Mapping[QueryKind, Vectors],
        training_queries: tuple[Vectors, ...],
        rows: int,
    ) -> None:
        """Take queries (n, width) to measure with, by kind, and others to train on."""
        self._sample = sample
        self._queries_by_kind = queries_by_kind
        self._training_queries = training_queries
        self._rows = rows
        self._truth = nearest(sample, queries_by_kind)
        self._scan_width: int | None = None

    def quickest(self, name: CpuAnnName, fits: Fits) -> tuple[int, float] | None:
        """Return the number of directions that is quickest, and microseconds for a query.

        With fewer directions, the index reads less and has to rank more candidates. Lists take as
        many as a scan. None where the index won't find enough, or doesn't fit.
        """
        whole = int(self._sample.shape[1])
        widths = [*(each for each in WIDTHS if each < whole), min(whole, WIDTHS[-1])]
        if name == "hnsw":  # building graphs of all widths would take far longer
            widths = [self._graph_width(widths)]
        elif name == "ivf" and self._scan_width is not None:
            widths = [self._scan_width]
        best: tuple[int, float] | None = None
        for width in widths:
            expected_us = self._expect(name, width, fits)
            if expected_us is not None and (best is None or expected_us < best[1]):
                best = (width, expected_us)
            elif best is not None:
                break
        if name == "scan" and best is not None:
            self._scan_width = best[0]
        return best

    def _graph_width(self, widths: Sequence[int]) -> int:
        """Return the fewest directions with which a graph is about as quick as with any number."""
        costs_us = [self._graph_us(width) for width in widths]
        return next(
            width
            for width, cost_us in zip(widths, costs_us, strict=True)
            if STEADY * cost_us <= min(costs_us)
        )

    def _graph_us(self, width: int) -> float:
        """Return about the cost of a query by a graph of this width, to compare widths."""
        reduction = reduce(self._sample, self._training_queries, width)
        growth = math.pow(self._rows / len(self._sample), DEPTH_GROWTH)
        queue = QUEUE * math.pow(self._rows / QUEUED_ROWS, GROWTHS["hnsw"])
        far = self._rows * graph_bytes(width) > CACHE_BYTES
        place_us = max(PLACE_US + DIRECTION_US * width, FAR_US if far else 0)
        costs_us: list[float] = []
        for kind, queries in self._queries_by_kind.items():
            depth = growth * required_depth(reduction, self._sample, queries, self._truth[kind])
            costs_us.append(max(queue, depth) * place_us + CANDIDATE_US * depth)
        return combine_costs(costs_us)

    def _expect(self, name: CpuAnnName, width: int, fits: Fits) -> float | None:
        """Return microseconds for a query at full size; None where it won't find enough, or fit."""
        ann = train(name, self._sample, self._training_queries, width, len(self._sample))
        if not fits(ann):
            return None
        ann.add(self._sample)
        places = np.arange(len(self._sample))
        depths: dict[QueryKind, Depth] = {}
        for kind, queries in self._queries_by_kind.items():
            depths[kind], recall = measure_depth(ann, queries, self._truth[kind], places)
            if recall < TARGET:
                return None
        sample_us = {
            kind: took_us(ann, self._queries_by_kind[kind], depth) for kind, depth in depths.items()
        }
        ann.faiss_index.reset()
        ann.add(self._sample[:MIN_ROWS])
        return combine_costs(
            self._extrapolate(
                name, whole_us, took_us(ann, self._queries_by_kind[kind], depth), depth
            )
            for (kind, whole_us), depth in zip(sample_us.items(), depths.values(), strict=True)
        )

    def _extrapolate(
        self, name: CpuAnnName, sample_us: float, little_us: float, depth: Depth
    ) -> float:
        """Return the time of a query at full size."""
        growth = self._rows / len(self._sample)
        deeper = depth.of_10 * math.pow(growth, DEPTH_GROWTH)
        fixed_us = little_us + (FROM_PYTHON_US if name == "hnsw" else 0)
        searched_us = max(0.0, sample_us - little_us) * math.pow(growth, GROWTHS[name])
        return fixed_us + searched_us + CANDIDATE_US * deeper
