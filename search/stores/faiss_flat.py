"""The FAISS store: exact search over float16 vectors on the CPU, or on a GPU where there is one."""

import logging
from threading import Lock

import numpy as np

from search.errors import BadSetting
from search.records import Device, Ids, Scores, Vectors
from search.stores.arguments import checked_queries, checked_rows, padded
from search.stores.faiss_gpu import MAX_K, DeviceCopy, gpu_count, open_device_copy
from search.stores.faiss_rows import Chosen, FlatRows, Rows
from search.stores.payload import pack, unpack
from search.stores.rwlock import ReadersWriterLock

logger = logging.getLogger(__name__)

GPU_FAILURES = (RuntimeError, MemoryError)
"""What FAISS raises for a GPU that is full or fails: its C++ exceptions come as these two."""


class FaissStore:
    """Rows in main memory are the truth; a copy on the GPU answers what a GPU answers well.

    Searches share the rows, writes have them alone, and every call to the GPU takes a lock of its
    own: a StandardGpuResources takes one caller at a time. Filtered searches and k over 2,048 are
    answered on the CPU: by its source, a GPU index takes a selector and drops it. A GPU that fails
    is given up with one warning, and the CPU goes on.
    """

    def __init__(self, width: int, device: Device | DeviceCopy = "auto") -> None:
        """`device`: a place to compute at, or a copy that was opened already.

        Raises:
            BadSetting: not a device, or "cuda" without a GPU that FAISS can use.
        """
        self._rows = FlatRows(width)
        self._lock = ReadersWriterLock()
        self._device_lock = Lock()
        self._copy = device if isinstance(device, DeviceCopy) else _open_copy(width, device)

    @property
    def width(self) -> int:
        """Number of dimensions of every vector."""
        return self._rows.width

    @property
    def device(self) -> str:
        """Where plain searches are answered now: "cuda" or "cpu"."""
        return "cpu" if self._copy is None else "cuda"

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors, or replace those whose id is held already; raises ValueError."""
        ids, rows = checked_rows(ids, vectors, self.width)
        with self._lock.writing():
            if self._rows.put(ids, rows):
                self._forget_copy()

    def remove(self, ids: Ids) -> None:
        """Drop vectors; an id that is not held is passed over."""
        with self._lock.writing():
            if self._rows.remove(np.asarray(ids, dtype=np.int64)):
                self._forget_copy()

    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> tuple[Ids, Scores]:
        """Best first, both (q, k); id -1 and score -inf pad; raises ValueError."""
        queries = checked_queries(queries, k, self.width)
        with self._lock.reading():
            chosen = (
                None if allowed is None else self._rows.choose(np.asarray(allowed, dtype=np.int64))
            )
            most = min(k, len(self._rows) if chosen is None else int(np.count_nonzero(chosen)))
            if not most or not len(queries):
                nobody = np.full((len(queries), k), -1, np.int64)
                return padded(nobody, nobody.astype(np.float32), k)
            found, scores = self._nearest(queries, most, chosen)
            ids = np.where(found < 0, -1, self._rows.ids[found])
        return padded(ids, scores, k)

    def ids(self) -> Ids:
        """The ids held, ascending."""
        with self._lock.reading():
            return self._rows.sorted_ids

    def rows(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Those of `ids` that are held, in the order given, and their vectors."""
        wanted = np.asarray(ids, dtype=np.int64)
        with self._lock.reading():
            found = self._rows.find(wanted)
            held = found >= 0
            return wanted[held], self._rows.matrix[found[held]].astype(np.float32)

    def items(self) -> tuple[Ids, Vectors]:
        """Everything held, ids ascending: (n,) and (n, width)."""
        with self._lock.reading():
            order = self._rows.order
            return self._rows.ids[order], self._rows.matrix[order].astype(np.float32)

    def dump(self) -> memoryview:
        """The whole store as bytes: ids and float16 rows, as they stand."""
        with self._lock.reading():
            return pack(self._rows.ids, self._rows.matrix)

    def load(self, payload: bytes | memoryview) -> None:
        """Become what `dump` wrote; raises IndexDamaged."""
        ids, matrix = unpack(payload, self.width)
        loaded = FlatRows(self.width)
        loaded.put(ids, matrix)
        with self._lock.writing():
            self._rows = loaded
            self._forget_copy()

    def _nearest(self, queries: Vectors, k: int, chosen: Chosen | None) -> tuple[Rows, Scores]:
        if chosen is None and k <= MAX_K:
            answer = self._nearest_on_gpu(queries, k)
            if answer is not None:
                return answer
        return self._rows.search(queries, k, chosen)

    def _nearest_on_gpu(self, queries: Vectors, k: int) -> tuple[Rows, Scores] | None:
        if self._copy is None:
            return None
        with self._device_lock:
            if self._copy is None:  # another search has given it up meanwhile
                return None
            try:
                return self._copy.search(self._rows.matrix, queries, k)
            except GPU_FAILURES as failure:
                self._copy = None
                logger.warning("the GPU failed, the index goes on with the CPU: %s", failure)
                return None

    def _forget_copy(self) -> None:
        # The writer is alone: no search is using the copy.
        if self._copy is not None:
            self._copy.forget()


def _open_copy(width: int, device: Device) -> DeviceCopy | None:
    if device not in ("auto", "cpu", "cuda"):
        raise BadSetting(f"unknown device {device!r}; choose 'auto', 'cpu' or 'cuda'")
    if device == "cpu" or (device == "auto" and not gpu_count()):
        return None
    try:
        return open_device_copy(width)
    except GPU_FAILURES as failure:
        logger.warning("the GPU can't be used, the index is searched on the CPU: %s", failure)
        return None
