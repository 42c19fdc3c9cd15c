"""Copies and moments of a film folded under the best of them, and variety among the best."""

import numpy as np
from numpy.typing import NDArray

from search.query.records import Query
from search.ranking.candidates import RankedPicture
from search.records import Scores, Vectors


def fold(
    pictures: list[RankedPicture], near: NDArray[np.bool_]
) -> tuple[list[RankedPicture], list[int]]:
    """Fold what is near the best picture into it; return the rest and their indexes."""
    under: dict[int, list[int]] = {}
    free = np.ones(len(pictures), bool)
    for row in range(len(pictures)):
        if free[row]:
            copies = np.flatnonzero(near[row] & free)
            free[copies] = free[row] = False
            under[row] = [int(copy) for copy in copies if copy != row]
    folded_pictures = [
        RankedPicture(
            pictures[row].picture_id,
            pictures[row].row,
            tuple(pictures[copy].picture_id for copy in copies),
        )
        for row, copies in under.items()
    ]
    return folded_pictures, list(under)


def diversify(scores: Scores, vectors: Vectors, query: Query) -> list[int]:
    """Order by maximal marginal relevance (Carbonell and Goldstein 1998), to the page's end."""
    spread = float(scores.max() - scores.min()) or 1.0
    worth = (1 - query.diverse) * (scores - scores.min()) / spread
    likeness = np.zeros(len(scores), np.float32)
    left = np.ones(len(scores), bool)
    order: list[int] = []
    for _ in range(min(len(scores), query.offset + query.k + 1)):
        marginal = np.where(left, worth - query.diverse * likeness, -np.inf)
        best = int(marginal.argmax())
        order.append(best)
        left[best] = False
        likeness = np.maximum(likeness, vectors @ vectors[best])
    return order + np.flatnonzero(left).tolist()
