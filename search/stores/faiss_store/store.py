"""The FAISS store: float16 vectors searched exactly or by an ANN index, on the CPU or a GPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from search.records import Device, Ids, QueryKind, Scores, Vectors
from search.stores.faiss_store.active_ann import ActiveAnn
from search.stores.faiss_store.ann import PlannedAnn
from search.stores.faiss_store.gpu import DeviceCopy, SharedCopy, open_copy
from search.stores.faiss_store.row_search import RowSearch, no_rows
from search.stores.faiss_store.rows import FloatRows
from search.stores.faiss_store.rwlock import ReadersWriterLock
from search.stores.faiss_store.scan import RowScan
from search.stores.planner.plan import Computes
from search.stores.serialization import pack, unpack
from search.stores.validation import check_queries, check_rows, pad

if TYPE_CHECKING:
    from search.stores.faiss_store.tuner import FaissTuner


class FaissStore:
    """Vectors in main memory or mapped from a file, an ANN index of them, and a GPU copy.

    Without an ANN index every search is exact. Searches share the rows, writes have them alone.
    An index that has no room on a GPU is dropped with one warning, and the CPU goes on.
    """

    def __init__(
        self,
        width: int,
        device: Device | DeviceCopy = "auto",
        memory_bytes: int | None = None,
    ) -> None:
        """Take `device`: a device's name, or an open copy on one.

        A file whose vectors take more than `memory_bytes` is mapped, and they stay there.

        Raises:
            BadSetting: not a device, or "cuda" without a GPU that FAISS can use.
        """
        self._memory_bytes = memory_bytes
        self._lock = ReadersWriterLock()
        self._ann = ActiveAnn()
        copy = device if isinstance(device, DeviceCopy) else open_copy(width, device)
        self._gpu = SharedCopy(copy)
        self._use_rows(FloatRows(width))

    @property
    def width(self) -> int:
        """Return the number of dimensions of every vector."""
        return self._rows.width

    @property
    def device(self) -> Computes:
        """Return the device that answers plain searches now: "cuda" or "cpu"."""
        ann = self._ann.current
        return "cuda" if self._gpu.works or (ann and ann.index.on_gpu) else "cpu"

    @property
    def gave_up(self) -> bool:
        """Return whether an ANN index on a GPU failed: this process then builds no other."""
        return self._ann.gave_up

    @property
    def tuner(self) -> "FaissTuner":
        """Return the tuner that measures and builds the store's ANN indexes."""
        from search.stores.faiss_store.tuner import FaissTuner

        return FaissTuner(self)

    @property
    def heavy(self) -> bool:
        """Return whether the store is over its memory limit, and should load its own dump."""
        return self._memory_bytes is not None and self.rows_bytes > self._memory_bytes

    @property
    def ann(self) -> PlannedAnn | None:
        """Return the active ANN index and its plan; None where search is exact."""
        return self._ann.current

    @property
    def generation(self) -> str:
        """Return the name of the current row numbering, to which an ANN index belongs."""
        return self._rows.generation

    @property
    def row_ids(self) -> Ids:
        """Return the id of each row, -1 where it is dead; later writes do not change the array."""
        return self._rows.ids.by_row

    @property
    def rows_bytes(self) -> int:
        """Return the memory of vectors and ids, without mapped vectors."""
        return self._rows.in_memory_bytes

    @property
    def in_memory_bytes(self) -> float:
        """Return `rows_bytes` and the memory of the ANN index, without the GPU's."""
        return self.rows_bytes + self._ann.in_memory_bytes

    def __len__(self) -> int:
        return self._rows.ids.live

    def put(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors, or replace those of known ids; raises ValueError."""
        ids, float16_vectors = check_rows(ids, vectors, self.width)
        with self._write_lock():
            self._rows.put(ids, float16_vectors)
            self._ann.add(float16_vectors)
            self._compact()

    def remove(self, ids: Ids) -> None:
        """Drop vectors; an unknown id is ignored."""
        with self._write_lock():
            self._rows.remove(np.asarray(ids, dtype=np.int64))
            self._compact()

    def search(
        self, queries: Vectors, k: int, allowed_ids: Ids | None = None, kind: QueryKind = "text"
    ) -> tuple[Ids, Scores]:
        """Return the nearest vectors, both (q, k); id -1 and score -inf pad; raises ValueError."""
        queries = check_queries(queries, k, self.width)
        with self._lock.read_lock():
            if allowed_ids is None:
                rows, scores = self._search.nearest(queries, k, kind)
            else:
                ids = np.asarray(allowed_ids, np.int64)
                rows, scores = self._search.nearest_allowed(queries, k, ids, kind)
            ids = self._rows.ids.of_rows(rows) if rows.size else rows
        return pad(ids, scores, k)

    def exact(self, queries: Vectors, k: int) -> tuple[Ids, Scores]:
        """Search every row, as the reference that the ANN index is measured against."""
        queries = check_queries(queries, k, self.width)
        with self._lock.read_lock():
            most = min(k, self._rows.ids.live)
            if not most:
                return no_rows(queries, k)
            rows, scores = self._search.scan.search(queries, most)
            return pad(self._rows.ids.of_rows(rows), scores, k)

    def ids(self) -> Ids:
        """Return the stored ids, ascending."""
        with self._lock.read_lock():
            return self._rows.ids.ascending_ids

    def rows(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Return the ids of `ids` in the store, in the order given, and their vectors."""
        ids = np.asarray(ids, dtype=np.int64)
        with self._lock.read_lock():
            rows = self._rows.ids.find(ids)
            in_store = rows >= 0
            return ids[in_store], self._rows.vectors(rows[in_store])

    def items(self) -> tuple[Ids, Vectors]:
        """Return all ids, ascending, and their vectors: (n,) and (n, width)."""
        with self._lock.read_lock():
            return self._rows.ids.ascending_ids.copy(), self._rows.vectors(self._rows.ids.order())

    def row_vectors(self, generation: str, start: int, stop: int) -> Vectors | None:
        """Return the vectors of rows, dead ones too; None once the rows are renumbered."""
        with self._lock.read_lock():
            if generation != self._rows.generation:
                return None
            return self._rows.vectors(np.arange(start, min(stop, len(self._rows))))

    def activate(self, ann: PlannedAnn, generation: str) -> bool:
        """Activate an ANN index, level with the rows; return False if its rows differ."""
        with self._write_lock():
            if generation != self._rows.generation or not self._ann.activate(ann, self._rows):
                return False
            if ann.index.on_gpu:
                self._gpu.release()
            return True

    def deactivate(self) -> None:
        """Search exactly from now on."""
        with self._write_lock():
            self._ann.deactivate()

    def dump(self) -> Iterator[memoryview]:
        """Return the store in pieces of bytes; read them before the next write."""
        with self._lock.read_lock():
            return pack(self._rows.ids.by_row, list(self._rows.parts()), self._rows.generation)

    def load(self, payload: bytes | memoryview) -> None:
        """Load what `dump` wrote; raises IndexDamaged."""
        in_file = self._memory_bytes is not None and len(payload) > self._memory_bytes
        rows = FloatRows.of(*unpack(payload, self.width), in_file=in_file)
        with self._write_lock():
            if rows.generation != self._rows.generation:
                self._ann.deactivate()
            self._use_rows(rows)
            self._gpu.forget()

    @contextmanager
    def _write_lock(self) -> Iterator[None]:
        """Hold the write lock; rebuild the refiner on exit."""
        with self._lock.write_lock():
            try:
                yield
            finally:
                self._ann.finish_write(self._rows)

    def _use_rows(self, rows: FloatRows) -> None:
        """Search these rows from now on."""
        self._rows = rows
        self._search = RowSearch(rows, RowScan(rows), self._ann, self._gpu)

    def _compact(self) -> None:
        """Copy the live rows, once there are many dead ones; the ANN index is then dropped."""
        rows = self._rows.compact()
        if rows is not None:
            self._ann.deactivate()
            self._use_rows(rows)
            self._gpu.forget()
