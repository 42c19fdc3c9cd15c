"""The expected time of a query over all rows of a store, estimated from a sample."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import mean

import numpy as np

from search.records import QueryKind, Vectors
from search.stores.faiss_store.ann_cpu import FaissPass, FirstPassName, graph_bytes, train
from search.stores.faiss_store.locality import CACHE_BYTES
from search.stores.faiss_store.reduction import reduce
from search.stores.planner.measure import TARGET, holding, nearest, settled, took_us
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
GROWTHS: dict[FirstPassName, float] = {"scan": 1.0, "ivf": 0.9, "hnsw": 0.55}
FROM_PYTHON_US = 60

# A width within this factor of the quickest graph's time is as good, and takes less memory.
STEADY = 0.9


def weighed(costs_us: Iterable[float]) -> float:
    """Return the time of a query over all kinds, in which the slower kind counts more."""
    return math.sqrt(mean(cost_us**2 for cost_us in costs_us))


Fits = Callable[[FaissPass], bool]
"""A test of whether such an ANN index, over all rows, has room in memory."""


class Expectation:
    """An estimate of query times, from ANN indexes built over a sample."""

    def __init__(
        self,
        sample: Vectors,
        asked: Mapping[QueryKind, Vectors],
        taught: tuple[Vectors, ...],
        rows: int,
    ) -> None:
        """Take queries by kind in `asked`, and others in `taught` (n, width) to train on."""
        self._sample = sample
        self._asked = asked
        self._taught = taught
        self._rows = rows
        self._truth = nearest(sample, asked)
        self._scan_width: int | None = None

    def quickest(self, name: FirstPassName, fits: Fits) -> tuple[int, float] | None:
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
            expected_us = self._expected(name, width, fits)
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
        reduction = reduce(self._sample, self._taught, width)
        grown = math.pow(self._rows / len(self._sample), DEPTH_GROWTH)
        queue = QUEUE * math.pow(self._rows / QUEUED_ROWS, GROWTHS["hnsw"])
        far = self._rows * graph_bytes(width) > CACHE_BYTES
        place_us = max(PLACE_US + DIRECTION_US * width, FAR_US if far else 0)
        costs_us: list[float] = []
        for kind, queries in self._asked.items():
            depth = grown * holding(reduction, self._sample, queries, self._truth[kind])
            costs_us.append(max(queue, depth) * place_us + CANDIDATE_US * depth)
        return weighed(costs_us)

    def _expected(self, name: FirstPassName, width: int, fits: Fits) -> float | None:
        """Return microseconds for a query at full size; None where it won't find enough, or fit."""
        made = train(name, self._sample, self._taught, width, len(self._sample))
        if not fits(made):
            return None
        made.add(self._sample)
        places = np.arange(len(self._sample))
        depths: dict[QueryKind, Depth] = {}
        for kind, queries in self._asked.items():
            depths[kind], recall = settled(made, queries, self._truth[kind], places)
            if recall < TARGET:
                return None
        sampled = {kind: took_us(made, self._asked[kind], depth) for kind, depth in depths.items()}
        made.index.reset()
        made.add(self._sample[:MIN_ROWS])
        return weighed(
            self._extrapolated(name, whole_us, took_us(made, self._asked[kind], depth), depth)
            for (kind, whole_us), depth in zip(sampled.items(), depths.values(), strict=True)
        )

    def _extrapolated(
        self, name: FirstPassName, sample_us: float, little_us: float, depth: Depth
    ) -> float:
        """Return the time of a query at full size."""
        grown = self._rows / len(self._sample)
        deeper = depth.of_10 * math.pow(grown, DEPTH_GROWTH)
        fixed_us = little_us + (FROM_PYTHON_US if name == "hnsw" else 0)
        searched_us = max(0.0, sample_us - little_us) * math.pow(grown, GROWTHS[name])
        return fixed_us + searched_us + CANDIDATE_US * deeper
