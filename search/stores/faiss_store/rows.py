"""The float16 vectors of a FAISS store by row number, and exact search over them."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from search.records import Ids, Scores, Vectors
from search.stores.faiss_store.float16 import widened
from search.stores.validation import Rows16

SlotNumbers = NDArray[np.int64]
"""Row numbers, counted from 0; -1 is none."""

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


class FloatRows:
    """Rows that are only appended, the id of each, and which of them still count.

    A row number is never given to another vector, so structures that refer to rows (an ANN index, a
    GPU copy) stay valid through every write; `generation` names one such numbering. A row that is
    replaced or removed is dead: its id is -1. The first rows may be mapped from a file and never
    change; the others are in the quantizer's memory. Not safe to call from many threads but for
    reading: the store that owns it has the lock.
    """

    def __init__(self, width: int, generation: str | None = None) -> None:
        self.width = width
        self.generation = generation or uuid.uuid4().hex
        self._base = np.empty((0, 2 * width), np.uint8)
        fp16 = faiss.ScalarQuantizer.QT_fp16
        self._tail = faiss.IndexScalarQuantizer(width, fp16, faiss.METRIC_INNER_PRODUCT)
        self._added = np.empty((0, 2 * width), np.uint8)  # the quantizer's own memory
        self._name(np.empty(0, np.int64))
        # FAISS multiplies without BLAS while queries x width stays under this, for the whole
        # process; its default of 128,000 made batches of 16 to 128 queries 5 to 10 times slower.
        # Many queries are multiplied by one thread each, and must be over the limit on any machine.
        faiss.cvar.distance_compute_blas_threshold = min(800 * faiss.omp_get_max_threads(), 4_000)

    @classmethod
    def of(cls, ids: Ids, rows: Rows16, generation: str | None, mapped: bool) -> "FloatRows":
        """Slots of what a file holds; `mapped` leaves the rows there, else they are copied."""
        slots = cls(rows.shape[1], generation)
        if len(ids):
            codes = rows.view(np.uint8)
            if mapped:
                slots._base = codes
            else:
                slots._append(codes)
        slots._name(ids)
        return slots

    def __len__(self) -> int:
        """Return the number of rows, dead rows included."""
        return len(self.ids)

    @property
    def live(self) -> int:
        """Return the number of live rows."""
        return len(self.sorted_ids)

    @property
    def dead(self) -> int:
        """Return the number of dead rows."""
        return len(self.ids) - len(self.sorted_ids)

    @property
    def in_memory_bytes(self) -> int:
        """Return the memory of vectors, ids and their order, without mapped vectors."""
        order = 0 if self._order is None else self._order.nbytes + self.sorted_ids.nbytes
        return len(self._added) * 2 * self.width + self.ids.nbytes + order

    def find(self, ids: Ids) -> SlotNumbers:
        """Return the row of each id, -1 for an unknown id."""
        if not self.live:
            return np.full(len(ids), -1, np.int64)
        places = np.searchsorted(self.sorted_ids, ids).clip(max=self.live - 1)
        slots = places if self._order is None else self._order[places]
        return np.where(self.sorted_ids[places] == ids, slots, -1)

    def order(self) -> SlotNumbers:
        """Return the live rows, their ids ascending."""
        return np.arange(len(self)) if self._order is None else self._order.astype(np.int64)

    def put(self, ids: Ids, rows: Rows16) -> None:
        """Append vectors; earlier rows of the same ids become dead."""
        if not len(ids):
            return
        named = self.ids.copy()
        known = self.find(ids)
        named[known[known >= 0]] = -1
        # As codes: the quantizer's own rounding to float16 differs from NumPy's, which SQL has.
        self._append(np.ascontiguousarray(rows).view(np.uint8))
        self._name(np.concatenate([named, ids]))

    def remove(self, ids: Ids) -> None:
        """Mark the rows of these ids as dead."""
        found = self.find(ids)
        found = found[found >= 0]
        if len(found):
            named = self.ids.copy()
            named[found] = -1
            self._name(named)

    def _name(self, ids: Ids) -> None:
        self.ids: Ids = ids  # of each row
        self._order: NDArray[np.int32] | None = None
        if len(ids) and (ids[0] < 0 or not (ids[1:] > ids[:-1]).all()):
            held = np.flatnonzero(ids >= 0).astype(np.int32)
            # A stable sort is a merge sort, quick on input that is mostly in order, as this is.
            self._order = held[np.argsort(ids[held], kind="stable")]
        self.sorted_ids: Ids = ids if self._order is None else ids[self._order]

    def rows(self, slots: SlotNumbers) -> Rows16:
        """Return the vectors of these rows, none of them -1: (n, width), a copy."""
        # take() gathers whole rows five times faster than indexing does.
        return self._codes(slots).view(np.float16)

    def vectors(self, slots: SlotNumbers) -> Vectors:
        """Return the vectors of these rows in float32, as `rows` does."""
        return widened(self.rows(slots))

    def parts(self) -> Iterator[Rows16]:
        """Yield all vectors, dead rows too, in blocks that are valid only under the lock."""
        for codes in (self._base, self._added):
            if len(codes):
                yield codes.view(np.float16)

    @property
    def index(self) -> Any:
        """Return FAISS's own index of all rows, by number; None where some of them are mapped."""
        return None if len(self._base) else self._tail

    def _codes(self, slots: SlotNumbers) -> NDArray[np.uint8]:
        base, added = self._base, self._added
        if not len(base):
            return added.take(slots, axis=0)
        if not len(added):
            return base.take(slots, axis=0)
        codes = np.empty((len(slots), 2 * self.width), np.uint8)
        on_file = slots < len(base)
        codes[on_file] = base.take(slots[on_file], axis=0)
        codes[~on_file] = added.take(slots[~on_file] - len(base), axis=0)
        return codes

    def _append(self, codes: NDArray[np.uint8]) -> None:
        self._tail.add_sa_codes(codes)
        count, size = self._tail.ntotal, 2 * self.width
        memory = faiss.rev_swig_ptr(self._tail.codes.data(), count * size)
        self._added = memory.reshape(count, size)

    def search(
        self, queries: Vectors, k: int, among: SlotNumbers | None = None
    ) -> tuple[SlotNumbers, Scores]:
        """Return the best live rows, or the best `among` them: (q, k), row -1 pads."""
        count = self.live if among is None else len(among)
        few = among is not None and count * NARROW <= len(self)
        if few or len(queries) >= MANY_QUERIES:
            return self._scan(queries, k, self.order() if among is None else among)
        start = len(self._base)
        if k and not start:  # a heap makes threads meet, and each may have to wait for a core
            scores, found = self._quantized(queries, k, among)
            return found, scores
        best = faiss.ResultHeap(len(queries), k, keep_max=True)
        slots = np.flatnonzero(self.ids[:start] >= 0) if among is None else among[among < start]
        self._scan_blocks(best, queries, k, slots, FEW_ROWS)
        if self._tail.ntotal:
            scores, found = self._quantized(queries, k, among)
            best.add_result(scores, np.where(found < 0, -1, found + start))
        best.finalize()
        return best.I, best.D

    def _quantized(
        self, queries: Vectors, k: int, among: SlotNumbers | None
    ) -> tuple[Scores, SlotNumbers]:
        parameters, start = None, len(self._base)
        if among is not None or self.dead:
            chosen = self.ids >= 0
            if among is not None:
                chosen = np.zeros(len(self), bool)
                chosen[among] = True
            bits = np.packbits(chosen[start:], bitorder="little")
            parameters = faiss.SearchParameters()
            parameters.sel = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
        scores, found = self._tail.search(queries, k, params=parameters)
        return scores, found

    def _scan(self, queries: Vectors, k: int, slots: SlotNumbers) -> tuple[SlotNumbers, Scores]:
        many, threads = len(queries) >= MANY_QUERIES, faiss.omp_get_max_threads()
        if many and threads > 1 and len(slots) > BLOCK_ROWS:
            return self._scan_shared(queries, k, slots, threads)
        best = faiss.ResultHeap(len(queries), k, keep_max=True)
        self._scan_blocks(best, queries, k, slots, BLOCK_ROWS if many else FEW_ROWS)
        best.finalize()
        return best.I, best.D

    def _scan_shared(
        self, queries: Vectors, k: int, slots: SlotNumbers, threads: int
    ) -> tuple[SlotNumbers, Scores]:
        """Return the best rows, each thread with its own blocks, in two thirds of FAISS's time."""

        def share(part: SlotNumbers) -> tuple[SlotNumbers, Scores]:
            faiss.omp_set_num_threads(1)  # this thread's own setting
            best = faiss.ResultHeap(len(queries), k, keep_max=True)
            self._scan_blocks(best, queries, k, part, BLOCK_ROWS)
            best.finalize()
            return best.I, best.D

        # Not by a heap of FAISS's: its threads would spin next to those that work here.
        with ThreadPoolExecutor(threads) as pool:
            found, scores = zip(*pool.map(share, np.array_split(slots, threads)), strict=True)
        all_found, all_scores = np.concatenate(found, axis=1), np.concatenate(scores, axis=1)
        order = np.argsort(-all_scores, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(all_found, order, 1), np.take_along_axis(all_scores, order, 1)

    def _scan_blocks(
        self, best: faiss.ResultHeap, queries: Vectors, k: int, slots: SlotNumbers, step: int
    ) -> None:
        room = np.empty((min(step, len(slots)), self.width), np.float32)
        for start in range(0, len(slots), step):
            block = slots[start : start + step]
            rows = self._stretch(block)
            vectors = widened(self.rows(block) if rows is None else rows, room[: len(block)])
            most = min(k, len(block))
            scores, found = faiss.knn(queries, vectors, most, faiss.METRIC_INNER_PRODUCT)
            best.add_result(scores, block[found])

    def _stretch(self, slots: SlotNumbers) -> Rows16 | None:
        """Return the vectors of consecutive rows, not copied; None for other rows."""
        first, stop = int(slots[0]), int(slots[-1]) + 1
        if stop - first != len(slots) or not (slots[1:] - slots[:-1] == 1).all():
            return None
        start = len(self._base)
        if first < start < stop:
            return None
        held = (
            self._base[first:stop] if first < start else self._added[first - start : stop - start]
        )
        return held.view(np.float16)

    def best_of(
        self, queries: Vectors, k: int, candidates: SlotNumbers
    ) -> tuple[SlotNumbers, Scores]:
        """Return the best k (q, k) of each query's candidates (q, n) without -1 and dead rows."""
        found = np.full((len(queries), k), -1, np.int64)
        scores = np.full((len(queries), k), -np.inf, np.float32)
        for row, (query, slots) in enumerate(zip(queries, candidates, strict=True)):
            held = slots[(slots >= 0) & (self.ids[slots] >= 0)]
            # By one thread: concurrent searches would wait for each other at BLAS's.
            cosines = np.einsum("nw,w->n", self.vectors(held), query)
            if len(held) > k:
                best = np.argpartition(-cosines, k - 1)[:k]
                held, cosines = held[best], cosines[best]
            order = np.argsort(-cosines)
            found[row, : len(held)], scores[row, : len(held)] = held[order], cosines[order]
        return found, scores
