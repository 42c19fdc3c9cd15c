"""What is measured of a first pass: how deep it must go to find the target, and what that takes."""

import time
from collections.abc import Sequence

import numpy as np

from search.records import Ids, Vectors
from search.stores.firstpass import FaissPass
from search.stores.plan import Depth
from search.stores.reduction import Reduction

TARGET = 0.99

# What is measured on 200 queries holds for others but for so much.
MARGIN = 0.004

DEPTHS = (
    *(10, 15, 20, 30, 40, 60, 80, 100, 120, 160, 200, 240, 280, 320),
    *(400, 480, 560, 640, 800, 1000),
)

TIMED = 25

ROW_US = 0.15  # to read and score one candidate's row

EFFORTS = tuple(1 << power for power in range(11))


def nearest(rows: Vectors, asked: dict[str, Vectors], k: int = 100) -> dict[str, Ids]:
    """The places of the best k rows for the queries of each kind, best first."""
    found = {}
    for kind, queries in asked.items():
        scores = queries @ rows.T
        best = np.argpartition(-scores, min(k, len(rows) - 1), axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(scores, best, 1), axis=1)
        found[kind] = np.take_along_axis(best, order, 1)
    return found


def holding(reduction: Reduction, rows: Vectors, queries: Vectors, truth: Ids) -> int:
    """How many of the best rows by fewer directions hold the target part of the best ten."""
    scores = reduction.queries(queries) @ reduction.vectors(rows).T
    true = np.take_along_axis(scores, truth[:, :10], 1)
    ranks = (scores[:, None, :] > true[:, :, None]).sum(axis=2)
    return _enough(ranks, DEPTHS[-1])[0]


def settled(made: FaissPass, queries: Vectors, truth: Ids, ids: Ids) -> tuple[Depth, float]:
    """The quickest effort and candidates that find the target; else the deepest, and its recall.

    `truth` (q, 100) holds the ids of each query's best, `ids` those of the slots.
    """
    best: tuple[float, Depth, float] | None = None
    deepest: tuple[Depth, float] = (Depth(0, DEPTHS[-1], DEPTHS[-1]), 0.0)
    most = min(len(made), DEPTHS[-1])
    for effort in _efforts(made):
        (of_10, recall), (of_100, _) = _least(made, queries, truth, ids, effort, most)
        depth = Depth(effort, of_10, max(of_10, of_100))
        deepest = (depth, recall)
        if recall < TARGET + MARGIN:
            continue
        cost_us = took_us(made, queries, depth) + ROW_US * of_10
        if best is None or cost_us < best[0]:
            best = (cost_us, depth, recall)
        elif cost_us > 1.5 * best[0]:
            break
    return deepest if best is None else best[1:]


def _least(
    made: FaissPass, queries: Vectors, truth: Ids, ids: Ids, effort: int, most: int
) -> list[tuple[int, float]]:
    """The fewest candidates that hold the target part of the best 10 and 100, and that part."""
    asked = most if made.name != "hnsw" else min(most, max(effort, truth.shape[1]))
    found = made.candidates(queries, asked, effort)
    named = np.where(found < 0, -1, ids[found])
    ranks = np.full(truth.shape, most + 1)
    for row, (best, got) in enumerate(zip(truth, named, strict=True)):
        order = np.argsort(got, kind="stable")
        places = np.searchsorted(got[order], best).clip(max=len(got) - 1)
        ranks[row] = np.where(got[order][places] == best, order[places], most + 1)
    return [_enough(ranks[:, :10], asked), _enough(ranks, asked)]


def _enough(ranks: Ids, asked: int) -> tuple[int, float]:
    recall = 0.0
    for depth in DEPTHS:
        recall = float((ranks < depth).mean())
        if recall >= TARGET + MARGIN or depth >= asked:
            return depth, recall
    return DEPTHS[-1], recall


def _efforts(made: FaissPass) -> Sequence[int]:
    """The efforts to try, least first."""
    if made.name == "scan":
        return (0,)
    if made.name == "hnsw":
        return (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
    count = int(made.index.nlist)
    return (*(each for each in EFFORTS if each < count), count)


def took_us(made: FaissPass, queries: Vectors, depth: Depth) -> float:
    """Microseconds of this thread's CPU for one query, the median of a few asked one by one.

    The clock would count what else the machine does, and a server plans while it answers.
    """
    took = []
    for query in queries[:TIMED]:
        began = time.thread_time()
        made.candidates(query[None], depth.of_10, depth.effort)
        took.append(time.thread_time() - began)
    return float(np.median(took) * 1e6)
