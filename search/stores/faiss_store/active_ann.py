"""The ANN index by which a FAISS store is searched now."""

import logging
from threading import Lock

import numpy as np

from search.records import Vectors
from search.stores.faiss_store.ann import AnnIndex, PlannedAnn, Refiner
from search.stores.faiss_store.float16 import to_float32
from search.stores.faiss_store.gpu import FAILURES
from search.stores.faiss_store.row_ids import RowNumbers
from search.stores.faiss_store.rows import FloatRows
from search.stores.validation import Rows16

logger = logging.getLogger(__name__)


class ActiveAnn:
    """A store's ANN index, level with its rows; dropped with one warning if its GPU fails.

    Writes need the store's lock alone. A search may drop the index under the shared lock.
    """

    def __init__(self) -> None:
        self.current: PlannedAnn | None = None
        self.refiner: Refiner | None = None
        self.gave_up = False
        self._failure_lock = Lock()

    @property
    def in_memory_bytes(self) -> float:
        """Return the memory of the index, without the GPU's."""
        ann = self.current
        return ann.index.bytes_per_row * len(ann.index) if ann else 0

    def activate(self, ann: PlannedAnn, rows: FloatRows) -> bool:
        """Bring an index level with the rows and activate it; return False if it can't be."""
        if len(ann.index) > len(rows):
            return False
        missing = np.arange(len(ann.index), len(rows))
        if len(missing) and not self._add(ann.index, rows.vectors(missing)):
            return False
        self.current = ann
        return True

    def deactivate(self) -> None:
        """Drop the index."""
        self.current = None

    def add(self, vectors: Rows16) -> None:
        """Append vectors (n, width) to the index, if there is one with room for them."""
        if self.current is not None and len(vectors):
            self._add(self.current.index, to_float32(vectors))

    def finish_write(self, rows: FloatRows) -> None:
        """Drop an index that an interrupted write left behind the rows; rebuild the refiner."""
        if self.current is not None and len(self.current.index) != len(rows):
            self.current = None
        ann, faiss_index = self.current, rows.faiss_index
        self.refiner = ann.index.refiner(faiss_index) if ann and faiss_index is not None else None

    def candidates(
        self, index: AnnIndex, queries: Vectors, depth: int, effort: int
    ) -> RowNumbers | None:
        """Return about the best `depth` rows, dead ones too; None where a GPU fails."""
        try:
            return index.candidates(queries, depth, effort)
        except FAILURES as failure:
            self._give_up(index, failure)
            return None

    def _add(self, index: AnnIndex, vectors: Vectors) -> bool:
        """Add vectors to an index; return whether it has room, as one on a GPU may not."""
        try:
            index.add(vectors)
        except FAILURES as failure:
            self._give_up(index, failure)
            return False
        return True

    def _give_up(self, index: AnnIndex, failure: Exception) -> None:
        """Drop an index whose GPU failed; raise the failure of any other."""
        if not index.on_gpu:
            raise failure
        with self._failure_lock:
            if not self.gave_up:
                logger.warning(
                    "%s on the GPU failed, search goes on without it: %s", index.name, failure
                )
            self.gave_up = True
            self.current = None
