"""The float16 rows of a FAISS store in main memory, and the exact search over them on the CPU."""

import faiss
import numpy as np
from numpy.typing import NDArray

from search.records import Ids, Scores, Vectors
from search.stores.arguments import Rows16

Rows = NDArray[np.int64]
"""Places in the matrix, counted from 0; -1 is none."""

Chosen = NDArray[np.bool_]
"""(n,), true for the rows that a search may answer with."""

# Milliseconds for 100,000 x 512, k = 20, one thread of a 2-core AVX2 machine (FAISS 1.15.1):
#   queries                          1     4     8    16    32   128
#   IndexScalarQuantizer fp16       14    31    66   120   253   951
#   IndexFlatIP float32, BLAS       15    36    59    45    56   120
#   blocks decoded to float32       69    93   127    93   108   178
# The quantizer takes queries one by one; float32 would take twice the memory. So few queries go
# to the quantizer, and from here on blocks of rows are decoded once and multiplied with all.
MANY_QUERIES = 16
BLOCK_ROWS = 4096  # 8 MB of float32 at width 512; 1,024 and 16,384 ran no faster

# A selector costs 1.6 ns for every row held, a gathered row 0.7 µs: equal at about 1 in 400
# (100,000 rows: 100 allowed 0.07 ms gathered, 0.17 selected; 1,000 allowed 0.72 and 0.31).
NARROW = 400


class FlatRows:
    """A matrix of float16 rows in a faiss.IndexScalarQuantizer, and the id of each row.

    Rows stand in no order: the last row fills the place of a removed one. The matrix is the
    quantizer's own memory, so a row is held once and can be replaced in place. Not safe to call
    from many threads but for reading: the store around it holds the lock.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        fp16 = faiss.ScalarQuantizer.QT_fp16
        self._index = faiss.IndexScalarQuantizer(width, fp16, faiss.METRIC_INNER_PRODUCT)
        self._name(np.empty(0, np.int64))
        # FAISS multiplies without BLAS while queries x width stays under this, for the whole
        # process; its default of 128,000 made batches of 16 to 128 queries 5 to 10 times slower.
        faiss.cvar.distance_compute_blas_threshold = 800 * faiss.omp_get_max_threads()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def matrix(self) -> Rows16:
        """(n, width), the rows themselves and no copy: not to be kept past the lock."""
        if not len(self):
            return np.empty((0, self.width), np.float16)
        size_bytes = len(self) * self.width * 2
        codes = faiss.rev_swig_ptr(self._index.codes.data(), size_bytes)
        rows: Rows16 = codes.view(np.float16).reshape(len(self), self.width)
        return rows

    def find(self, ids: Ids) -> Rows:
        """The row of each id, -1 where it is not held."""
        if not len(self):
            return np.full(len(ids), -1, np.int64)
        places = np.searchsorted(self.sorted_ids, ids).clip(max=len(self) - 1)
        return np.where(self.sorted_ids[places] == ids, self.order[places], -1)

    def put(self, ids: Ids, rows: Rows16) -> bool:
        """Add rows, or replace those whose id is held; True when any was replaced."""
        found = self.find(ids)
        known = found >= 0
        if not known.all():
            # As codes: the quantizer's own rounding to float16 is not numpy's, which SQL holds.
            added = rows[~known] if known.any() else rows  # a whole load is not copied once more
            self._index.add_sa_codes(np.ascontiguousarray(added).view(np.uint8))
            self._name(np.concatenate([self.ids, ids[~known]]))
        self.matrix[found[known]] = rows[known]
        return bool(known.any())

    def remove(self, ids: Ids) -> bool:
        """Drop rows, filling their places with the last ones; True when any was held."""
        found = self.find(ids)
        gone = np.zeros(len(self), bool)
        gone[found[found >= 0]] = True
        left = len(self) - int(gone.sum())
        if left == len(self):
            return False
        holes = np.flatnonzero(gone[:left])
        movers = left + np.flatnonzero(~gone[left:])
        matrix, moved = self.matrix, self.ids.copy()
        matrix[holes] = matrix[movers]
        moved[holes] = moved[movers]
        self._index.remove_ids(faiss.IDSelectorRange(left, len(self)))
        self._name(moved[:left])
        return True

    def _name(self, ids: Ids) -> None:
        self.ids: Ids = ids  # of each row
        # Stable is a merge sort, which passes quickly over what is in order already; most of it is.
        self.order: Rows = np.argsort(ids, kind="stable")
        self.sorted_ids: Ids = ids[self.order]

    def choose(self, ids: Ids) -> Chosen:
        """Mark the rows of ids that may be unknown, unsorted, or given twice."""
        # Looking up 290,000 ids among 300,000: 8 ms in ascending order, 52 ms in none.
        found = self.find(np.sort(ids))
        chosen = np.zeros(len(self), bool)
        chosen[found[found >= 0]] = True
        return chosen

    def search(self, queries: Vectors, k: int, chosen: Chosen | None = None) -> tuple[Rows, Scores]:
        """The best of the chosen rows, or of all: (q, k), row -1 pads."""
        count = len(self) if chosen is None else int(np.count_nonzero(chosen))
        narrow = chosen is not None and count * NARROW <= len(self)
        if narrow or len(queries) >= MANY_QUERIES:
            rows = np.arange(len(self)) if chosen is None else np.flatnonzero(chosen)
            return self._scan(queries, k, rows)
        parameters = None
        if chosen is not None:
            bits = np.packbits(chosen, bitorder="little")
            parameters = faiss.SearchParameters()
            parameters.sel = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
        scores, found = self._index.search(queries, k, params=parameters)
        return found, scores

    def _scan(self, queries: Vectors, k: int, rows: Rows) -> tuple[Rows, Scores]:
        matrix = self.matrix
        best = faiss.ResultHeap(len(queries), k, keep_max=True)
        for start in range(0, len(rows), BLOCK_ROWS):
            block = rows[start : start + BLOCK_ROWS]
            vectors = matrix[block].astype(np.float32)
            most = min(k, len(block))
            scores, found = faiss.knn(queries, vectors, most, faiss.METRIC_INNER_PRODUCT)
            best.add_result(scores, block[found])
        best.finalize()
        return best.I, best.D
