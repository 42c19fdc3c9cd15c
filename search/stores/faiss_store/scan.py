"""Exact search over the rows of a FAISS store."""

from concurrent.futures import ThreadPoolExecutor

import faiss
import numpy as np

from search.records import Scores, Vectors
from search.stores.faiss_store.float16 import to_float32
from search.stores.faiss_store.row_ids import RowNumbers
from search.stores.faiss_store.rows import FloatRows

# Milliseconds for 100,000 x 512, k = 20, one thread of a 2-core AVX2 machine (FAISS 1.15.1):
#   queries                          1     4     8    16    32   128
#   IndexScalarQuantizer fp16       14    31    66   120   253   951
#   IndexFlatIP float32, BLAS       15    36    59    45    56   120
#   blocks decoded to float32       69    93   127    93   108   178
# The quantizer takes queries one by one; float32 would take twice the memory. So a few queries go
# to the quantizer; for more, blocks of rows are decoded once and multiplied with all queries.
MANY_QUERIES = 16
BLOCK_ROWS = 4096  # 8 MB of float32 at width 512; 1,024 and 16,384 ran no faster
FEW_ROWS = 512  # for few queries: the size of a core's own cache

# A selector costs 1.6 ns for every row, and 25 ns for each that passes; a gathered
# row costs 0.12 µs: equal at about 1 in 60.
NARROW = 60


class RowScan:
    """A scan of rows: every row is scored, or every candidate; under the lock of the store."""

    def __init__(self, rows: FloatRows) -> None:
        self._rows = rows
        # FAISS multiplies without BLAS while queries x width stays under this, for the whole
        # process; its default of 128,000 made batches of 16 to 128 queries 5 to 10 times slower.
        # Many queries are multiplied by one thread each, and must be over the limit on any machine.
        faiss.cvar.distance_compute_blas_threshold = min(800 * faiss.omp_get_max_threads(), 4_000)

    def search(
        self, queries: Vectors, k: int, among: RowNumbers | None = None
    ) -> tuple[RowNumbers, Scores]:
        """Return the best live rows, or the best `among` them: (q, k), row -1 pads."""
        ids = self._rows.ids
        count = ids.live if among is None else len(among)
        few = among is not None and count * NARROW <= len(ids)
        if few or len(queries) >= MANY_QUERIES:
            return self._scan(queries, k, ids.order() if among is None else among)
        start = self._rows.mapped_count
        if k and not start:  # a heap makes threads meet, and each may have to wait for a core
            scores, rows = self._scan_codes(queries, k, among)
            return rows, scores
        best = faiss.ResultHeap(len(queries), k, keep_max=True)
        rows = np.flatnonzero(ids.by_row[:start] >= 0) if among is None else among[among < start]
        self._scan_blocks(best, queries, k, rows, FEW_ROWS)
        if self._rows.quantizer.ntotal:
            scores, places = self._scan_codes(queries, k, among)
            best.add_result(scores, np.where(places < 0, -1, places + start))
        best.finalize()
        return best.I, best.D

    def best_of(
        self, queries: Vectors, k: int, candidates: RowNumbers
    ) -> tuple[RowNumbers, Scores]:
        """Return the best k (q, k) of each query's candidates (q, n) without -1 and dead rows."""
        best_rows = np.full((len(queries), k), -1, np.int64)
        scores = np.full((len(queries), k), -np.inf, np.float32)
        ids = self._rows.ids.by_row
        for number, (query, rows) in enumerate(zip(queries, candidates, strict=True)):
            live_rows = rows[(rows >= 0) & (ids[rows] >= 0)]
            # By one thread: concurrent searches would wait for each other at BLAS's.
            cosines = np.einsum("nw,w->n", self._rows.vectors(live_rows), query)
            if len(live_rows) > k:
                best = np.argpartition(-cosines, k - 1)[:k]
                live_rows, cosines = live_rows[best], cosines[best]
            order = np.argsort(-cosines)
            best_rows[number, : len(live_rows)] = live_rows[order]
            scores[number, : len(live_rows)] = cosines[order]
        return best_rows, scores

    def _scan_codes(
        self, queries: Vectors, k: int, among: RowNumbers | None
    ) -> tuple[Scores, RowNumbers]:
        """Return the best rows in the quantizer's memory, by their places there."""
        parameters, ids = None, self._rows.ids
        if among is not None or ids.dead:
            passes = ids.by_row >= 0
            if among is not None:
                passes = np.zeros(len(ids), bool)
                passes[among] = True
            bits = np.packbits(passes[self._rows.mapped_count :], bitorder="little")
            parameters = faiss.SearchParameters()
            parameters.sel = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
        scores, places = self._rows.quantizer.search(queries, k, params=parameters)
        return scores, places

    def _scan(self, queries: Vectors, k: int, rows: RowNumbers) -> tuple[RowNumbers, Scores]:
        many, threads = len(queries) >= MANY_QUERIES, faiss.omp_get_max_threads()
        if many and threads > 1 and len(rows) > BLOCK_ROWS:
            return self._scan_shared(queries, k, rows, threads)
        best = faiss.ResultHeap(len(queries), k, keep_max=True)
        self._scan_blocks(best, queries, k, rows, BLOCK_ROWS if many else FEW_ROWS)
        best.finalize()
        return best.I, best.D

    def _scan_shared(
        self, queries: Vectors, k: int, rows: RowNumbers, threads: int
    ) -> tuple[RowNumbers, Scores]:
        """Return the best rows, each thread with its own blocks, in two thirds of FAISS's time."""

        def share(part: RowNumbers) -> tuple[RowNumbers, Scores]:
            faiss.omp_set_num_threads(1)  # this thread's own setting
            best = faiss.ResultHeap(len(queries), k, keep_max=True)
            self._scan_blocks(best, queries, k, part, BLOCK_ROWS)
            best.finalize()
            return best.I, best.D

        # Not by a heap of FAISS's: its threads would spin next to those that work here.
        with ThreadPoolExecutor(threads) as pool:
            parts, scores = zip(*pool.map(share, np.array_split(rows, threads)), strict=True)
        all_rows, all_scores = np.concatenate(parts, axis=1), np.concatenate(scores, axis=1)
        order = np.argsort(-all_scores, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(all_rows, order, 1), np.take_along_axis(all_scores, order, 1)

    def _scan_blocks(
        self, best: faiss.ResultHeap, queries: Vectors, k: int, rows: RowNumbers, step: int
    ) -> None:
        room = np.empty((min(step, len(rows)), self._rows.width), np.float32)
        for start in range(0, len(rows), step):
            block = rows[start : start + step]
            stretch = self._rows.stretch(block)
            float16 = self._rows.float16_vectors(block) if stretch is None else stretch
            vectors = to_float32(float16, room[: len(block)])
            most = min(k, len(block))
            scores, places = faiss.knn(queries, vectors, most, faiss.METRIC_INNER_PRODUCT)
            best.add_result(scores, block[places])
