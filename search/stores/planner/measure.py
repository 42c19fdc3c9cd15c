"""Measurements of an ANN index: the depth that reaches the target recall, and its time."""

import time
from collections.abc import Callable, Mapping

import numpy as np

from search.records import Ids, QueryKind, Vectors
from search.stores.faiss_store.ann import AnnIndex
from search.stores.faiss_store.reduction import Reduction
from search.stores.planner.plan import Depth

TARGET = 0.99

# A measurement on 400 queries holds for others within this margin.
MARGIN = 0.0025

DEPTHS = (
    *(10, 15, 20, 30, 40, 60, 80, 100, 120, 160, 200, 240, 280, 320),
    *(400, 480, 560, 640, 800, 1000),
)

NOWHERE = DEPTHS[-1] + 1

# ANN indexes that are walked from row to row, with a queue.
GRAPHS = ("hnsw", "cagra")

TIMED = 100

ROW_US = 0.15  # to read and score one candidate's row


def nearest(
    rows: Vectors, queries_by_kind: Mapping[QueryKind, Vectors], k: int = 100
) -> dict[QueryKind, Ids]:
    """Return the places of the best k rows for the queries of each kind, best first."""
    rows_by_kind = {}
    for kind, queries in queries_by_kind.items():
        scores = queries @ rows.T
        best = np.argpartition(-scores, min(k, len(rows) - 1), axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(scores, best, 1), axis=1)
        rows_by_kind[kind] = np.take_along_axis(best, order, 1)
    return rows_by_kind


def required_depth(reduction: Reduction, rows: Vectors, queries: Vectors, truth: Ids) -> int:
    """Return how many of the best reduced rows hold the target part of the true best ten."""
    scores = reduction.queries(queries) @ reduction.vectors(rows).T
    true = np.take_along_axis(scores, truth[:, :10], 1)
    ranks = (scores[:, None, :] > true[:, :, None]).sum(axis=2)
    return _enough(ranks, DEPTHS[-1])[0]


def measure_depth(ann: AnnIndex, queries: Vectors, truth: Ids, ids: Ids) -> tuple[Depth, float]:
    """Return the quickest effort and depth that reach the target; else the deepest, and its recall.

    `truth` (q, 100) has the ids of each query's best, `ids` those of the rows.
    """
    best: tuple[float, Depth, float] | None = None
    deepest: tuple[Depth, float] = (Depth(0, DEPTHS[-1], DEPTHS[-1]), 0.0)
    most = min(ann.most_candidates, DEPTHS[-1])
    is_graph = ann.name in GRAPHS
    for effort in ann.efforts:
        # A graph is walked as far as the number of candidates: with no more than its own effort.
        asked_10 = min(most, max(effort, 10)) if is_graph else most
        asked_100 = min(most, max(effort, truth.shape[1])) if is_graph else most
        candidates = ann.candidates(queries, asked_100, effort)
        of_100, _ = _least(candidates, truth, ids)
        if asked_10 < asked_100:
            candidates = ann.candidates(queries, asked_10, effort)
        of_10, recall = _least(candidates, truth[:, :10], ids)
        depth = Depth(effort, of_10, max(of_10, of_100))
        deepest = (depth, recall)
        if recall < TARGET + MARGIN:
            continue
        cost_us = took_us(ann, queries, depth) + ROW_US * of_10
        if best is None or cost_us < best[0]:
            best = (cost_us, depth, recall)
        elif cost_us > 1.5 * best[0]:
            break
    return deepest if best is None else best[1:]


def _least(candidates: Ids, truth: Ids, ids: Ids) -> tuple[int, float]:
    """Return how many of the candidates hold the target part of the best, and that part."""
    candidate_ids = np.where(candidates < 0, -1, ids[candidates])
    ranks = np.full(truth.shape, NOWHERE)
    for row, (best, row_ids) in enumerate(zip(truth, candidate_ids, strict=True)):
        order = np.argsort(row_ids, kind="stable")
        places = np.searchsorted(row_ids[order], best).clip(max=len(row_ids) - 1)
        ranks[row] = np.where(row_ids[order][places] == best, order[places], NOWHERE)
    return _enough(ranks, candidates.shape[1])


def _enough(ranks: Ids, limit: int) -> tuple[int, float]:
    recall = 0.0
    for depth in DEPTHS:
        recall = float((ranks < depth).mean())
        if recall >= TARGET + MARGIN or depth >= limit:
            break
    return min(depth, limit), recall


def took_us(ann: AnnIndex, queries: Vectors, depth: Depth) -> float:
    """Return microseconds for one query: this thread's CPU time, or wall time on a GPU.

    Wall time would include other work of the machine, and a server plans while it answers.
    """
    now = time.perf_counter if ann.on_gpu else time.thread_time
    return steady_us(lambda query: ann.candidates(query, depth.of_10, depth.effort), queries, now)


def steady_us(
    answer: Callable[[Vectors], object], queries: Vectors, now: Callable[[], float]
) -> float:
    """Return microseconds for one query, run one by one: the 20th percentile."""
    took = []
    for query in queries[:TIMED]:
        began = now()
        answer(query[None])
        took.append(now() - began)
    return float(np.percentile(took, 20) * 1e6)
