"""The vectors of a store that planning measures and builds with."""

from collections.abc import Iterator

import numpy as np

from search.records import Ids, QueryKind, Vectors
from search.stores.faiss_store.ann import RowNumbers32, lists
from search.stores.faiss_store.store import FaissStore
from search.stores.planner.plan import Report

# ANN indexes are compared on this many rows; a graph over them is built in about five seconds.
SAMPLE = 20_000

QUERIES, MIN_QUERIES = 400, 200
TRAINING_QUERIES = 4_000

BUILD_ROWS = 8_192


class RowsRenumbered(Exception):
    """The rows were renumbered since planning began, so that nothing built fits them."""


class StoreSample:
    """The rows of a store when planning began, a sample of them, and queries.

    The store is searched and may grow meanwhile.
    """

    def __init__(self, store: FaissStore, texts: Vectors, report: Report) -> None:
        """Take `texts` (n, width), embeddings of typical text queries, or none."""
        self._store = store
        self._report = report
        self.generation = store.generation
        self.ids = store.row_ids
        self.row_count = len(self.ids)
        rows = self._spread(SAMPLE)
        # These rows are queries, and are added only after all measurements: a graph finds its own
        # rows too easily. A scan is not affected.
        late_rows = np.sort(rows[:QUERIES])
        self.late_rows = late_rows.astype(np.int32)
        self.queries: dict[QueryKind, Vectors] = {"picture": self._read(late_rows)}
        self.vectors = self._read(rows[QUERIES:])
        self.training_queries: tuple[Vectors, ...] = (self.vectors[:TRAINING_QUERIES],)
        if len(texts) >= MIN_QUERIES:
            self.queries["text"] = texts[:QUERIES]
            self.training_queries += (texts[QUERIES : QUERIES + TRAINING_QUERIES],)

    def read_for_lists(self) -> Vectors:
        """Return as many vectors (n, width) as the training of lists needs."""
        count = min(10 * lists(self.row_count, self.row_count), 200_000)
        return self._read(self._spread(count))

    def blocks(self, name: str) -> Iterator[tuple[RowNumbers32, Vectors]]:
        """Yield all vectors in order, each block with its row numbers, and report the progress.

        Raises:
            RowsRenumbered: the store has numbered its rows again.
        """
        for start in range(0, self.row_count, BUILD_ROWS):
            stop = min(start + BUILD_ROWS, self.row_count)
            vectors = self._store.row_vectors(self.generation, start, stop)
            if vectors is None:
                raise RowsRenumbered
            yield np.arange(start, stop, dtype=np.int32), vectors
            self._report(f"{name}: {stop:,} of {self.row_count:,} vectors")

    def early_blocks(self, name: str) -> Iterator[tuple[RowNumbers32, Vectors]]:
        """Yield the blocks of `blocks` without the rows to measure with."""
        for rows, vectors in self.blocks(name):
            early = ~np.isin(rows, self.late_rows)
            yield rows[early], vectors[early]

    def _spread(self, count: int) -> Ids:
        """Return up to `count` live rows, evenly spaced, in random order."""
        live_rows = np.flatnonzero(self.ids >= 0)
        places = np.linspace(0, len(live_rows) - 1, min(count, len(live_rows)))
        return np.random.default_rng(0).permutation(live_rows[places.astype(np.int64)])

    def _read(self, rows: Ids) -> Vectors:
        parts = []
        for start in range(0, len(rows), BUILD_ROWS):
            ids = self.ids[rows[start : start + BUILD_ROWS]]
            stored_ids, vectors = self._store.rows(ids)
            part = np.zeros((len(ids), self._store.width), np.float32)
            part[np.isin(ids, stored_ids)] = vectors  # rows removed just now stay zero
            parts.append(part)
        return np.concatenate(parts)
