"""What is measured of a first pass: how deep it must go to find the target, and what that takes."""

import time
from collections.abc import Sequence
from statistics import mean

import numpy as np

from search.records import Ids, Vectors
from search.stores.firstpass import FaissPass
from search.stores.plan import Depth

TARGET = 0.99

# What is measured on 200 queries holds for others but for so much.
MARGIN = 0.004

DEPTHS = (10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480, 640, 1000)

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


def settled(made: FaissPass, asked: Sequence[tuple[Vectors, Ids]], ids: Ids) -> tuple[Depth, float]:
    """The quickest effort and candidates that find the target; else the deepest, and its recall.

    `asked` holds queries of each kind that is to go so deep, with the ids of their best (q, 100);
    the target is each kind's. `ids` are those of the slots.
    """
    best: tuple[float, Depth, float] | None = None
    deepest: tuple[Depth, float] = (Depth(0, DEPTHS[-1], DEPTHS[-1]), 0.0)
    most = min(len(made), DEPTHS[-1])
    for effort in _efforts(made):
        found = [_least(made, each, truth[:, :10], ids, effort, most) for each, truth in asked]
        further = [_least(made, each, truth, ids, effort, most) for each, truth in asked]
        of_10, recall = max(depth for depth, _ in found), min(recall for _, recall in found)
        depth = Depth(effort, of_10, max(of_10, *(each for each, _ in further)))
        deepest = (depth, recall)
        if recall < TARGET + MARGIN:
            continue
        cost_us = mean(took_us(made, each, depth) for each, _ in asked) + ROW_US * of_10
        if best is None or cost_us < best[0]:
            best = (cost_us, depth, recall)
        elif cost_us > 1.5 * best[0]:
            break
    return deepest if best is None else best[1:]


def _least(
    made: FaissPass, queries: Vectors, truth: Ids, ids: Ids, effort: int, most: int
) -> tuple[int, float]:
    """The fewest candidates that hold the target part of the truth, and the part they hold."""
    asked = most if made.name != "hnsw" else min(most, max(effort, truth.shape[1]))
    found = made.candidates(queries, asked, effort)
    named = np.where(found < 0, -1, ids[found])
    ranks = np.full(truth.shape, most + 1)
    for row, (best, got) in enumerate(zip(truth, named, strict=True)):
        order = np.argsort(got, kind="stable")
        places = np.searchsorted(got[order], best).clip(max=len(got) - 1)
        ranks[row] = np.where(got[order][places] == best, order[places], most + 1)
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
        return (16, 32, 64, 128, 256, 512, 1024)
    count = int(made.index.nlist)
    return (*(each for each in EFFORTS if each < count), count)


def took_us(made: FaissPass, queries: Vectors, depth: Depth) -> float:
    """Microseconds for one query, the median of a few asked one by one."""
    took = []
    for query in queries[:TIMED]:
        began = time.perf_counter()
        made.candidates(query[None], depth.of_10, depth.effort)
        took.append(time.perf_counter() - began)
    return float(np.median(took) * 1e6)
