"""Checks of arguments that every store shares, and the padding of its answers."""

import numpy as np
from numpy.typing import NDArray

from search.records import Ids, Scores, Vectors

Rows16 = NDArray[np.float16]
"""(n, width), C-contiguous: vectors as they are stored."""


def check_rows(ids: Ids, vectors: Vectors, width: int) -> tuple[Ids, Rows16]:
    """Return the arguments of `put`, in the stored types; raises ValueError."""
    ids = np.ascontiguousarray(ids, dtype=np.int64)
    if ids.ndim != 1 or np.shape(vectors) != (len(ids), width):
        raise ValueError(
            f"a store of width {width} takes ids (n,) and vectors (n, {width}), "
            f"not {ids.shape} and {np.shape(vectors)}"
        )
    if ids.size and ids.min() < 0:
        raise ValueError(f"an id can't be negative: {ids.min()}")
    if len(np.unique(ids)) != len(ids):
        raise ValueError("an id stands twice in one put")
    with np.errstate(over="ignore"):  # too large numbers become infinite, and are refused below
        rows = np.ascontiguousarray(vectors, dtype=np.float16)
    if not np.isfinite(rows).all():
        raise ValueError("a vector holds a number that is not finite in float16")
    return ids, rows


def check_queries(queries: Vectors, k: int, width: int) -> Vectors:
    """Return the arguments of `search` -> C-contiguous float32 queries; raises ValueError."""
    if np.ndim(queries) != 2 or np.shape(queries)[1] != width:
        raise ValueError(
            f"a store of width {width} takes queries (q, {width}), not {np.shape(queries)}"
        )
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    queries = np.ascontiguousarray(queries, dtype=np.float32)
    if not np.isfinite(queries).all():
        raise ValueError("a query holds a number that is not finite")
    return queries


def pad(ids: Ids, scores: Scores, k: int) -> tuple[Ids, Scores]:
    """Pad answers (q, at most k) to (q, k) with id -1 and score -inf."""
    scores = scores.astype(np.float32, copy=False)
    if ids.shape[1] == k and (ids >= 0).all():  # as nearly always: padding costs 27 µs
        return ids, scores
    missing = ((0, 0), (0, k - ids.shape[1]))
    scores = np.where(ids < 0, np.float32(-np.inf), scores)
    return (
        np.pad(ids, missing, constant_values=-1),
        np.pad(scores, missing, constant_values=-np.inf),
    )
