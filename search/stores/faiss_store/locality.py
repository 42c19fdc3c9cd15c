"""An order of rows that puts near neighbours close together in memory.

A walk over a graph reads vectors and neighbours all over it, and waits for memory at every step;
in this order the next step is more often in the cache (after Coleman et al. 2021, "Graph
Reordering for Cache-Efficient Near Neighbor Search").
"""

import faiss
import numpy as np

from search.records import Ids, Vectors

CELLS, COARSE = 8_192, 64

# Less than this stays in the caches in any order.
CACHE_BYTES = 64 << 20


class Clusters:
    """Cells of the space around a sample of vectors, numbered so that neighbours follow."""

    def __init__(self, sample: Vectors) -> None:
        """Take `sample` (n, width) in random order; its first vectors are the centres of cells."""
        middles = sample[:CELLS]
        regions = _nearest(middles, middles[:COARSE])
        self._middles = np.ascontiguousarray(middles[np.argsort(regions, kind="stable")])

    def of(self, vectors: Vectors) -> Ids:
        """Return the number of the cell of each vector (n, width)."""
        return _nearest(vectors, self._middles)


def _nearest(vectors: Vectors, middles: Vectors) -> Ids:
    places: Ids = faiss.knn(vectors, middles, 1, faiss.METRIC_L2)[1][:, 0]
    return places
