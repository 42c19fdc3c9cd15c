"""The ids of a FAISS store's rows."""

import numpy as np
from numpy.typing import NDArray

from search.records import Ids

RowNumbers = NDArray[np.int64]
"""Row numbers, counted from 0; -1 is none."""


class RowIds:
    """The id of each row, and the row of each id; never changed, and replaced by each write."""

    def __init__(self, by_row: Ids) -> None:
        """Take the id of each row, -1 where it is dead."""
        self.by_row: Ids = by_row
        self._order: NDArray[np.int32] | None = None
        if len(by_row) and (by_row[0] < 0 or not (by_row[1:] > by_row[:-1]).all()):
            live_rows = np.flatnonzero(by_row >= 0).astype(np.int32)
            # A stable sort is a merge sort, quick on input that is mostly in order, as this is.
            self._order = live_rows[np.argsort(by_row[live_rows], kind="stable")]
        self.ascending_ids: Ids = by_row if self._order is None else by_row[self._order]

    def __len__(self) -> int:
        """Return the number of rows, dead rows included."""
        return len(self.by_row)

    @property
    def live(self) -> int:
        """Return the number of live rows."""
        return len(self.ascending_ids)

    @property
    def dead(self) -> int:
        """Return the number of dead rows."""
        return len(self.by_row) - len(self.ascending_ids)

    @property
    def in_memory_bytes(self) -> int:
        """Return the memory of the ids and their order."""
        order = 0 if self._order is None else self._order.nbytes + self.ascending_ids.nbytes
        return self.by_row.nbytes + order

    def find(self, ids: Ids) -> RowNumbers:
        """Return the row of each id, -1 for an unknown id."""
        if not self.live:
            return np.full(len(ids), -1, np.int64)
        places = np.searchsorted(self.ascending_ids, ids).clip(max=self.live - 1)
        rows = places if self._order is None else self._order[places]
        return np.where(self.ascending_ids[places] == ids, rows, -1)

    def order(self) -> RowNumbers:
        """Return the live rows, their ids ascending."""
        return np.arange(len(self)) if self._order is None else self._order.astype(np.int64)

    def of_rows(self, rows: RowNumbers) -> Ids:
        """Return the ids of rows, -1 for none and for dead rows."""
        return np.where(rows < 0, -1, self.by_row[rows])

    def without(self, ids: Ids) -> Ids:
        """Return the id of each row, the rows of these ids dead."""
        rows = self.find(ids)
        by_row = self.by_row.copy()
        by_row[rows[rows >= 0]] = -1
        return by_row
