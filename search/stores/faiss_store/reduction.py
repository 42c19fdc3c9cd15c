"""Fewer dimensions for a first pass, chosen for the queries that come, not for vectors alone.

A cosine is a sum over directions, and what a direction adds to it depends on the query as much as
on the picture. Texts lie apart from pictures, so the directions in which pictures differ most are
not those in which texts tell them apart. The best ones for queries of second moment M are the
principal directions of the vectors seen through the root of M (LeanVec, Tepper et al. 2023).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.records import Vectors

# Directions that no query of the sample had get this part of the mean weight: others may come.
FLOOR = 1e-3


@dataclass(frozen=True, slots=True)
class Reduction:
    """Two maps whose outputs' inner products are near the inputs' cosines, but for a constant.

    The constant is the query's own product with `mean`, so the order of the vectors stays.
    """

    mean: NDArray[np.float32]
    for_vectors: NDArray[np.float32]
    for_queries: NDArray[np.float32]

    @property
    def width(self) -> int:
        """Number of dimensions that are left."""
        return int(self.for_queries.shape[1])

    def vectors(self, vectors: Vectors) -> Vectors:
        """(n, width) of the space -> (n, width) that is left, of any length."""
        return np.ascontiguousarray((vectors - self.mean) @ self.for_vectors, dtype=np.float32)

    def queries(self, queries: Vectors) -> Vectors:
        """(q, width) of the space -> (q, width) that is left, of any length."""
        return np.ascontiguousarray(queries @ self.for_queries, dtype=np.float32)

    def undistorted(self) -> "Reduction":
        """Return the same products, with distances between vectors as they are in the space.

        Directions are stretched by what queries make of them, their mean's most of all; products
        don't mind, but a graph, which joins what lies close, loses its way.
        """
        basis, stretch = np.linalg.qr(self.for_vectors.astype(np.float64))
        for_queries = self.for_queries.astype(np.float64) @ stretch.T
        return Reduction(self.mean, basis.astype(np.float32), for_queries.astype(np.float32))


def reduce(vectors: Vectors, queries: tuple[Vectors, ...], width: int) -> Reduction:
    """Return the best `width` directions of a sample, for kinds of queries of equal weight."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    spread = np.cov(vectors, rowvar=False, dtype=np.float64)
    asked = sum(kind.T.astype(np.float64) @ kind / len(kind) for kind in queries) / len(queries)
    weights, axes = np.linalg.eigh(asked)
    roots = np.sqrt(np.maximum(weights, 0) + FLOOR * weights.sum() / len(weights))
    _, directions = np.linalg.eigh((axes * roots) @ axes.T @ spread @ (axes * roots) @ axes.T)
    kept = directions[:, ::-1][:, :width]
    return Reduction(
        mean.astype(np.float32),
        ((axes * roots) @ axes.T @ kept).astype(np.float32),
        ((axes / roots) @ axes.T @ kept).astype(np.float32),
    )
