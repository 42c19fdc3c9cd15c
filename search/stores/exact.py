"""The reference store: NumPy alone, simple and exact; tests compare the other stores to it."""

from collections.abc import Iterator
from threading import Lock
from typing import ClassVar

import numpy as np

from search.records import Collection, Ids, QueryKind, Scores, Space, Vectors
from search.stores import IndexKind, StoreOptions
from search.stores.serialization import pack, unpack
from search.stores.validation import check_queries, check_rows, pad


class ExactStore:
    """A store that scores every vector in float32; ties come in ascending order of id.

    Its vectors are one pair of arrays, ids ascending, that is replaced as a whole and never
    changed: a search sees all of a write or nothing of it, and does not wait.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._content = (np.empty(0, np.int64), np.empty((0, width), np.float16))
        self._write_lock = Lock()

    @property
    def width(self) -> int:
        """Return the number of dimensions of every vector."""
        return self._width

    @property
    def tuner(self) -> None:
        """Return None: every search is exact."""

    @property
    def heavy(self) -> bool:
        """Return False: the store is for collections that fit in memory."""
        return False

    def __len__(self) -> int:
        return len(self._content[0])

    def put(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors, or replace those of known ids; raises ValueError."""
        ids, rows = check_rows(ids, vectors, self._width)
        with self._write_lock:
            old_ids, old_rows = self._content
            stays = ~np.isin(old_ids, ids)
            all_ids = np.concatenate([old_ids[stays], ids])
            all_rows = np.concatenate([old_rows[stays], rows])
            order = np.argsort(all_ids)
            self._content = (all_ids[order], all_rows[order])

    def remove(self, ids: Ids) -> None:
        """Drop vectors; an unknown id is ignored."""
        with self._write_lock:
            old_ids, old_rows = self._content
            stays = ~np.isin(old_ids, ids)
            self._content = (old_ids[stays], old_rows[stays])

    def search(
        self, queries: Vectors, k: int, allowed_ids: Ids | None = None, kind: QueryKind = "text"
    ) -> tuple[Ids, Scores]:
        """Return the nearest vectors, both (q, k); id -1 and score -inf pad; raises ValueError."""
        queries = check_queries(queries, k, self._width)
        ids, rows = self._content
        if allowed_ids is not None:
            stays = np.isin(ids, allowed_ids)
            ids, rows = ids[stays], rows[stays]
        scores = queries @ rows.astype(np.float32).T
        best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return pad(ids[best], np.take_along_axis(scores, best, axis=1), k)

    def ids(self) -> Ids:
        """Return the stored ids, ascending."""
        return self._content[0]

    def rows(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Return the ids of `ids` in the store, in the order given, and their vectors."""
        stored_ids, rows = self._content
        wanted_ids = np.asarray(ids, dtype=np.int64)
        wanted_ids = wanted_ids[np.isin(wanted_ids, stored_ids)]
        return wanted_ids, rows[np.searchsorted(stored_ids, wanted_ids)].astype(np.float32)

    def items(self) -> tuple[Ids, Vectors]:
        """Return all ids, ascending, and their vectors: (n,) and (n, width)."""
        ids, rows = self._content
        return ids.copy(), rows.astype(np.float32)

    def dump(self) -> Iterator[memoryview]:
        """Return the whole store, piece by piece."""
        ids, rows = self._content
        return pack(ids, [rows], "")

    def load(self, payload: bytes | memoryview) -> None:
        """Load what `dump` wrote; raises IndexDamaged."""
        ids, rows, _ = unpack(payload, self._width)
        ids, rows = ids[ids >= 0], rows[ids >= 0]
        order = np.argsort(ids)
        with self._write_lock:
            self._content = (ids[order], rows[order])


class ExactBackend:
    """The backend of `ExactStore`, for tests; it is not registered."""

    names: ClassVar[tuple[str, ...]] = ("numpy",)
    durable: ClassVar[bool] = False

    def __init__(self, options: StoreOptions = StoreOptions()) -> None:  # noqa: B008  # frozen
        """Take any options; none has an effect."""

    def open(self, collection: Collection, space: Space, kind: IndexKind) -> ExactStore:
        """Open an empty store."""
        return ExactStore(space.width)

    def drop(self, collection: Collection) -> None:
        """Do nothing: the store is in memory only."""
