"""The reduction of vectors for an ANN index, fitted to queries as well as to vectors.

A cosine is a sum over directions, and the part of a direction depends on the query as much as
on the picture. Texts are apart from pictures, so the directions in which pictures differ most are
not those by which texts distinguish them. The best ones for queries of second moment M are the
principal directions of the vectors multiplied by the root of M (LeanVec, Tepper et al. 2023).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.records import Vectors

# Directions that no sampled query had get this part of the mean weight: other queries may come.
FLOOR = 1e-3


@dataclass(frozen=True, slots=True)
class Reduction:
    """Two maps whose outputs' inner products approximate the inputs' cosines plus a constant.

    The constant is the query's own product with `mean`, so the order of the vectors is the same.
    """

    mean: NDArray[np.float32]
    for_vectors: NDArray[np.float32]
    for_queries: NDArray[np.float32]

    @property
    def width(self) -> int:
        """Return the number of dimensions that are left."""
        return int(self.for_queries.shape[1])

    def vectors(self, vectors: Vectors) -> Vectors:
        """Map vectors (n, width) to reduced vectors (n, fewer), of any length."""
        return np.ascontiguousarray((vectors - self.mean) @ self.for_vectors, dtype=np.float32)

    def queries(self, queries: Vectors) -> Vectors:
        """Map queries (q, width) to reduced queries (q, fewer), of any length."""
        return np.ascontiguousarray(queries @ self.for_queries, dtype=np.float32)

    def restore_distances(self) -> "Reduction":
        """Return the map with the same products, and distances between vectors as in the space.

        Queries stretch directions, their mean's most of all; products are unaffected, but a graph,
        which joins near vectors, then finds fewer.
        """
        basis, stretch = np.linalg.qr(self.for_vectors.astype(np.float64))
        for_queries = self.for_queries.astype(np.float64) @ stretch.T
        return Reduction(self.mean, basis.astype(np.float32), for_queries.astype(np.float32))


def reduce(vectors: Vectors, queries: tuple[Vectors, ...], width: int) -> Reduction:
    """Return the best `width` directions of a sample, for kinds of queries of equal weight."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    spread = np.cov(vectors, rowvar=False, dtype=np.float64)
    moments = sum(kind.T.astype(np.float64) @ kind / len(kind) for kind in queries) / len(queries)
    weights, axes = np.linalg.eigh(moments)
    roots = np.sqrt(np.maximum(weights, 0) + FLOOR * weights.sum() / len(weights))
    _, directions = np.linalg.eigh((axes * roots) @ axes.T @ spread @ (axes * roots) @ axes.T)
    best_directions = directions[:, ::-1][:, :width]
    return Reduction(
        mean.astype(np.float32),
        ((axes * roots) @ axes.T @ best_directions).astype(np.float32),
        ((axes / roots) @ axes.T @ best_directions).astype(np.float32),
    )
