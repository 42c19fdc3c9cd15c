"""What a query is expected to take over all rows of a store, worked out from a sample of them."""

import math
from collections.abc import Callable, Mapping
from statistics import mean

import numpy as np

from search.records import QueryKind, Vectors
from search.stores.firstpass import FaissPass, FirstPassName, train
from search.stores.measuring import TARGET, holding, nearest, settled, took_us
from search.stores.plan import Depth
from search.stores.reduction import reduce

# Fewer can't teach a first pass anything, whatever was asked for.
LEAST_ROWS = 1_000

WIDTHS = (64, 96, 128, 192, 256, 384)

# Among five times as many vectors 1.5 to 2.6 times as many candidates hold the best ten; one costs
# so much to be read and scored.
DEPTH_GROWTH = 0.5
CANDIDATE_US = 0.2

# A graph's queue is about so long whatever the directions; each place in it costs so much, and more
# for each direction. One thread of the machine of the benchmarks.
QUEUE = 128
PLACE_US, DIRECTION_US = 0.42, 0.0065

# Among so many times as many vectors a graph is searched that power of them longer, as measured
# from 20,000 to a million. What it proposes is ranked from Python.
GRAPH_GROWTH = 0.55
FROM_PYTHON_US = 60

# Times of one thing differ by a tenth from run to run: what is no quicker than that takes no more
# memory for it.
STEADY = 0.9

Fits = Callable[[FaissPass], bool]
"""Whether a first pass like this one, over all rows, has room in memory."""


class Expectation:
    """Builds first passes over a sample, and draws out what their queries take."""

    def __init__(
        self,
        sample: Vectors,
        asked: Mapping[QueryKind, Vectors],
        taught: tuple[Vectors, ...],
        rows: int,
    ) -> None:
        """`asked` are queries by kind, `taught` others to learn directions from (n, width)."""
        self._sample = sample
        self._asked = asked
        self._taught = taught
        self._rows = rows
        self._truth = nearest(sample, asked)
        self._scan_width: int | None = None

    def quickest(self, name: FirstPassName, fits: Fits) -> tuple[int, float] | None:
        """The number of directions with which it is quickest, and microseconds for a query.

        With fewer it reads less, and has to rank more candidates. Lists take as many as a scan.
        None where it won't find enough, or doesn't fit.
        """
        whole = int(self._sample.shape[1])
        widths = [*(each for each in WIDTHS if each < whole), min(whole, WIDTHS[-1])]
        if name == "hnsw":  # to build graphs of all widths would take far longer
            widths = [min(widths, key=self._graph_us)]
        elif name == "ivf" and self._scan_width is not None:
            widths = [self._scan_width]
        best: tuple[int, float] | None = None
        for width in widths:
            expected_us = self._expected(name, width, fits)
            if expected_us is not None and (best is None or expected_us < STEADY * best[1]):
                best = (width, expected_us)
            elif best is not None:
                break
        if name == "scan" and best is not None:
            self._scan_width = best[0]
        return best

    def _graph_us(self, width: int) -> float:
        """About what a graph over so many directions costs a query, to compare widths by."""
        reduction = reduce(self._sample, self._taught, width)
        grown = math.pow(self._rows / len(self._sample), DEPTH_GROWTH)
        place_us = PLACE_US + DIRECTION_US * width
        costs_us: list[float] = []
        for kind, queries in self._asked.items():
            depth = grown * holding(reduction, self._sample, queries, self._truth[kind])
            costs_us.append(max(QUEUE, depth) * place_us + CANDIDATE_US * depth)
        return mean(costs_us)

    def _expected(self, name: FirstPassName, width: int, fits: Fits) -> float | None:
        """Microseconds for a query at full size; None where it won't find enough, or fit."""
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
        made.add(self._sample[:LEAST_ROWS])
        return mean(
            self._extrapolated(name, whole_us, took_us(made, self._asked[kind], depth), depth)
            for (kind, whole_us), depth in zip(sampled.items(), depths.values(), strict=True)
        )

    def _extrapolated(
        self, name: FirstPassName, sample_us: float, little_us: float, depth: Depth
    ) -> float:
        """What a query takes at full size: a scan grows with it, lists and graphs far slower."""
        grown = self._rows / len(self._sample)
        growths = {"scan": grown, "ivf": math.sqrt(grown), "hnsw": math.pow(grown, GRAPH_GROWTH)}
        deeper = depth.of_10 * math.pow(grown, DEPTH_GROWTH)
        fixed_us = little_us + (FROM_PYTHON_US if name == "hnsw" else 0)
        return fixed_us + max(0.0, sample_us - little_us) * growths[name] + CANDIDATE_US * deeper
