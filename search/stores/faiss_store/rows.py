"""The float16 vectors of a FAISS store by row number."""

import uuid
from collections.abc import Iterator
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from search.records import Ids, Vectors
from search.stores.faiss_store.float16 import to_float32
from search.stores.faiss_store.row_ids import RowIds, RowNumbers
from search.stores.validation import Rows16

# Dead rows cost as much as live ones. At a quarter of dead rows the others are copied: so a
# removal costs four copied rows in the long run.
MAX_DEAD = 0.25
MIN_DEAD = 1_000


class FloatRows:
    """Rows that are only appended, with their ids.

    A row number is never given to another vector, so structures that refer to rows (an ANN index, a
    GPU copy) stay valid through every write; `generation` names one such numbering. A row that is
    replaced or removed is dead: its id is -1. The first rows may be mapped from a file and never
    change; the others are in the quantizer's memory. Not safe to call from many threads but for
    reading: the store that owns it has the lock.
    """

    def __init__(self, width: int, generation: str | None = None) -> None:
        self.width = width
        self.generation = generation or uuid.uuid4().hex
        self.ids = RowIds(np.empty(0, np.int64))
        fp16 = faiss.ScalarQuantizer.QT_fp16
        self.quantizer = faiss.IndexScalarQuantizer(width, fp16, faiss.METRIC_INNER_PRODUCT)
        self._mapped_codes = np.empty((0, 2 * width), np.uint8)
        self._codes = np.empty((0, 2 * width), np.uint8)  # the quantizer's own memory

    @classmethod
    def of(cls, ids: Ids, vectors: Rows16, generation: str | None, in_file: bool) -> "FloatRows":
        """Return the rows of a file; `in_file` leaves the vectors there, else they are copied."""
        rows = cls(vectors.shape[1], generation)
        if len(ids):
            codes = vectors.view(np.uint8)
            if in_file:
                rows._mapped_codes = codes
            else:
                rows._append(codes)
        rows.ids = RowIds(ids)
        return rows

    def __len__(self) -> int:
        """Return the number of rows, dead rows included."""
        return len(self.ids)

    @property
    def mapped_count(self) -> int:
        """Return the number of rows that are mapped from a file: the first ones."""
        return len(self._mapped_codes)

    @property
    def faiss_index(self) -> Any:
        """Return FAISS's own index of all rows, by number; None where some of them are mapped."""
        return None if self.mapped_count else self.quantizer

    @property
    def in_memory_bytes(self) -> int:
        """Return the memory of vectors, ids and their order, without mapped vectors."""
        return len(self._codes) * 2 * self.width + self.ids.in_memory_bytes

    def put(self, ids: Ids, vectors: Rows16) -> None:
        """Append vectors; earlier rows of the same ids become dead."""
        if not len(ids):
            return
        earlier_ids = self.ids.without(ids)
        # As codes: the quantizer's own rounding to float16 differs from NumPy's, which SQL has.
        self._append(np.ascontiguousarray(vectors).view(np.uint8))
        self.ids = RowIds(np.concatenate([earlier_ids, ids]))

    def remove(self, ids: Ids) -> None:
        """Mark the rows of these ids as dead."""
        if (self.ids.find(ids) >= 0).any():
            self.ids = RowIds(self.ids.without(ids))

    def compact(self) -> "FloatRows | None":
        """Return a copy of the live rows, once there are many dead ones; else None."""
        if self.ids.dead <= max(MIN_DEAD, MAX_DEAD * len(self)):
            return None
        live_rows = np.flatnonzero(self.ids.by_row >= 0)
        ids, vectors = self.ids.by_row[live_rows], self.float16_vectors(live_rows)
        return FloatRows.of(ids, vectors, None, in_file=False)

    def float16_vectors(self, rows: RowNumbers) -> Rows16:
        """Return the vectors of these rows, none of them -1: (n, width), a copy."""
        # take() gathers whole rows five times faster than indexing does.
        return self._gather(rows).view(np.float16)

    def vectors(self, rows: RowNumbers) -> Vectors:
        """Return the vectors of these rows in float32, as `float16_vectors` does."""
        return to_float32(self.float16_vectors(rows))

    def parts(self) -> Iterator[Rows16]:
        """Yield all vectors, dead rows too, in blocks that are valid only under the lock."""
        for codes in (self._mapped_codes, self._codes):
            if len(codes):
                yield codes.view(np.float16)

    def stretch(self, rows: RowNumbers) -> Rows16 | None:
        """Return the vectors of consecutive rows, not copied; None for other rows."""
        first, stop = int(rows[0]), int(rows[-1]) + 1
        if stop - first != len(rows) or not (rows[1:] - rows[:-1] == 1).all():
            return None
        start = self.mapped_count
        if first < start < stop:
            return None
        if first < start:
            return self._mapped_codes[first:stop].view(np.float16)
        return self._codes[first - start : stop - start].view(np.float16)

    def _gather(self, rows: RowNumbers) -> NDArray[np.uint8]:
        start = self.mapped_count
        if not start:
            return self._codes.take(rows, axis=0)
        if not len(self._codes):
            return self._mapped_codes.take(rows, axis=0)
        codes = np.empty((len(rows), 2 * self.width), np.uint8)
        on_file = rows < start
        codes[on_file] = self._mapped_codes.take(rows[on_file], axis=0)
        codes[~on_file] = self._codes.take(rows[~on_file] - start, axis=0)
        return codes

    def _append(self, codes: NDArray[np.uint8]) -> None:
        self.quantizer.add_sa_codes(codes)
        count, size = self.quantizer.ntotal, 2 * self.width
        memory = faiss.rev_swig_ptr(self.quantizer.codes.data(), count * size)
        self._codes = memory.reshape(count, size)
