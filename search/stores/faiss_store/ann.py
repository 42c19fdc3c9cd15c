"""First passes: small indexes that propose slots, which the store then ranks by their real rows."""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from search.records import Scores, Vectors
from search.stores.faiss_store.rows import SlotNumbers

Slots32 = NDArray[np.int32]
"""Slots as they are kept, four bytes each."""

NONE: Slots32 = np.empty(0, np.int32)
"""No order: the slot of every row is its place."""


class AnnIndex(Protocol):
    """Proposes candidates among the slots 0 to `len`; a graph or lists grow, and forget nothing."""

    def __len__(self) -> int:
        """Return the number of rows in the index."""

    @property
    def bytes_per_row(self) -> float:
        """Memory that it takes for each slot."""

    @property
    def name(self) -> str:
        """What it is, as `Plan.store` names it."""

    @property
    def on_gpu(self) -> bool:
        """Whether it may fail for want of a GPU: with one of `faiss_gpu.FAILURES`."""

    @property
    def ns_per_candidate(self) -> float:
        """What one candidate more adds to a search."""

    @property
    def most_candidates(self) -> int:
        """How many it proposes at most."""

    @property
    def efforts(self) -> Sequence[int]:
        """The efforts worth trying, least first."""

    def add(self, vectors: Vectors) -> None:
        """Take in the rows (n, width) of the slots that follow."""

    def candidates(self, queries: Vectors, depth: int, effort: int) -> SlotNumbers:
        """About the best `depth` slots of each query, or a few more: (q, n), -1 pads.

        `effort` is how much is looked at: lists for "ivf", the graph's queue for "hnsw".
        """

    def chained(self, rows: Any) -> "Refiner | None":
        """Itself and the exact ranking by FAISS's index of all rows, in one; None: it can't."""

    def dump(self) -> bytes:
        """All of it, for `load_first_pass`; nothing, where it is better built again."""


class Refiner(Protocol):
    """A first pass and the ranking by real rows in one."""

    def best(self, queries: Vectors, k: int, depth: int, effort: int) -> tuple[SlotNumbers, Scores]:
        """Return the best k of `depth` candidates: rows and scores, both (q, k), -1 pads."""


def slots_of(places: SlotNumbers, order: Slots32) -> SlotNumbers:
    """Return the slots of places in an index, whose first have those of `order`; -1 stays."""
    if not len(order):
        return places
    ordered = (places >= 0) & (places < len(order))
    return np.where(ordered, order[np.where(ordered, places, 0)], places)


def lists(rows: int, sampled: int) -> int:
    """How many lists "ivf" keeps: four times the root, each with enough of the sample to be one."""
    return max(1, min(int(4 * math.sqrt(rows)), sampled // 10))
