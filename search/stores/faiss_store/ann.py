"""ANN indexes: small indexes that propose rows, which the store then refines by true vectors."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from search.records import Scores, Vectors
from search.stores.faiss_store.row_ids import RowNumbers
from search.stores.planner.plan import IndexPlan

RowNumbers32 = NDArray[np.int32]
"""Row numbers as they are stored, four bytes each."""

NONE: RowNumbers32 = np.empty(0, np.int32)
"""No order: every row's number is its place."""


class AnnIndex(Protocol):
    """An index that proposes candidates among rows 0 to `len`; a graph or lists grow only."""

    def __len__(self) -> int:
        """Return the number of rows in the index."""

    @property
    def bytes_per_row(self) -> float:
        """Return the memory of the ANN index for each row."""

    @property
    def name(self) -> str:
        """Return the name of the ANN index, as in `IndexPlan.store`."""

    @property
    def on_gpu(self) -> bool:
        """Return whether the ANN index needs a GPU, and may fail with a `gpu.FAILURES`."""

    @property
    def ns_per_candidate(self) -> float:
        """Return the time that one more candidate adds to a search."""

    @property
    def most_candidates(self) -> int:
        """Return the most candidates that the ANN index proposes."""

    @property
    def efforts(self) -> Sequence[int]:
        """Return the efforts worth trying, least first."""

    def add(self, vectors: Vectors) -> None:
        """Append vectors (n, width) at the next row numbers."""

    def candidates(self, queries: Vectors, depth: int, effort: int) -> RowNumbers:
        """Return about the best `depth` rows of each query, or a few more: (q, n), -1 pads.

        `effort` is how much is searched: lists for "ivf", the graph's queue for "hnsw".
        """

    def refiner(self, rows: Any) -> "Refiner | None":
        """Return the ANN index joined with exact ranking by FAISS's index of all rows, or None."""

    def dump(self) -> bytes:
        """Return the bytes for `load_ann`; empty where building again is quicker."""


class Refiner(Protocol):
    """An ANN index joined with the exact ranking of its candidates."""

    def best(self, queries: Vectors, k: int, depth: int, effort: int) -> tuple[RowNumbers, Scores]:
        """Return the best k of `depth` candidates: rows and scores, both (q, k), -1 pads."""


@dataclass(frozen=True, slots=True)
class PlannedAnn:
    """An ANN index and the plan with its depths."""

    index: AnnIndex
    plan: IndexPlan


def rows_at(places: RowNumbers, order: RowNumbers32) -> RowNumbers:
    """Return the rows at places in an index, the first by `order`, others unchanged; -1 stays."""
    if not len(order):
        return places
    has_order = (places >= 0) & (places < len(order))
    return np.where(has_order, order[np.where(has_order, places, 0)], places)


def lists(rows: int, sample_size: int) -> int:
    """Return the number of "ivf" lists: four times the root, each with enough of the sample."""
    return max(1, min(int(4 * math.sqrt(rows)), sample_size // 10))
