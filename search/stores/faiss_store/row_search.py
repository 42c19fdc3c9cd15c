"""The search of a FAISS store's rows by the quickest way: an ANN index, a GPU or a scan."""

from dataclasses import dataclass

import numpy as np

from search.records import Ids, QueryKind, Scores, Vectors
from search.stores.faiss_store.active_ann import ActiveAnn
from search.stores.faiss_store.ann import AnnIndex, PlannedAnn
from search.stores.faiss_store.gpu import SharedCopy
from search.stores.faiss_store.row_ids import RowNumbers
from search.stores.faiss_store.rows import FloatRows
from search.stores.faiss_store.scan import RowScan

# Candidates are ranked by rows read at random: past this part of all, an exact scan is quicker.
MAX_CANDIDATES = 0.1

# The time of an exact scan for each gathered row; or for each row that a selector checks,
# and each that passes: one thread, width 384.
GATHERED_NS, SELECTED_NS, SCORED_NS = 120, 1.6, 25

# With a selector, an exact scan can't score rows eight at a time; for a filter that passes this
# part, it costs less to find more rows and leave out those that do not pass.
WIDE = 0.1

# A filter sometimes leaves too few of the first candidates; then more are requested.
SPARE = 1.3


@dataclass(frozen=True, slots=True)
class RowSearch:
    """A search of one store's rows, under its lock.

    Every row of an answer is scored by its own float16 vector, whatever proposed it. Filters are
    never left to a GPU, which ignores selectors: its copy is not searched under a filter, and the
    candidates of an ANN index are filtered here.
    """

    rows: FloatRows
    scan: RowScan
    ann: ActiveAnn
    gpu: SharedCopy

    def nearest(self, queries: Vectors, k: int, kind: QueryKind) -> tuple[RowNumbers, Scores]:
        """Return the best live rows, both (q, at most k), -1 pads."""
        most = min(k, self.rows.ids.live)
        if not most or not len(queries):
            return no_rows(queries, most)
        ann = self.ann.current
        if ann is not None:
            depth = ann.plan.depth(kind)
            count = depth.candidates(most)
            if count <= min(MAX_CANDIDATES * len(self.rows), ann.index.most_candidates):
                answer = self._best_candidates(ann.index, queries, most, count, depth.effort)
                if answer is not None and (answer[0] >= 0).all():
                    return answer
        from_gpu = self.gpu.best(self.rows, queries, most)
        return self.scan.search(queries, most) if from_gpu is None else from_gpu

    def nearest_allowed(
        self, queries: Vectors, k: int, allowed_ids: Ids, kind: QueryKind
    ) -> tuple[RowNumbers, Scores]:
        """Return the best rows of these ids, both (q, at most k), -1 pads; the ids ascend."""
        ann, live = self.ann.current, self.rows.ids.live
        if ann is not None and len(queries) and len(allowed_ids):
            answer = self._allowed_candidates(ann, queries, min(k, live), allowed_ids, kind)
            if answer is not None:
                return answer
        if len(queries) and len(allowed_ids) >= WIDE * live:
            answer = self._search_wider(queries, min(k, live), allowed_ids)
            if answer is not None:
                return answer
        among = self.rows.ids.find(allowed_ids)
        among = among[among >= 0]
        most = min(k, len(among))
        if not most or not len(queries):
            return no_rows(queries, most)
        return self.scan.search(queries, most, among)

    def _best_candidates(
        self, index: AnnIndex, queries: Vectors, k: int, count: int, effort: int
    ) -> tuple[RowNumbers, Scores] | None:
        """Return the best candidates, -1 pads where too many are dead; None without candidates."""
        if self.ann.refiner is not None and not self.rows.ids.dead:
            return self.ann.refiner.best(queries, k, count, effort)
        candidates = self._candidates(index, queries, count, effort)
        return None if candidates is None else self.scan.best_of(queries, k, candidates)

    def _allowed_candidates(
        self, ann: PlannedAnn, queries: Vectors, k: int, allowed_ids: Ids, kind: QueryKind
    ) -> tuple[RowNumbers, Scores] | None:
        """Return the best allowed rows among deeper candidates; None where too few of them pass."""
        depth = ann.plan.depth(kind)
        count = depth.candidates(k)
        row_count, allowed_count = len(self.rows), len(allowed_ids)
        deeper = round(SPARE * count * self.rows.ids.live / allowed_count)
        exactly_ns = min(
            GATHERED_NS * allowed_count, SELECTED_NS * row_count + SCORED_NS * allowed_count
        )
        if deeper * ann.index.ns_per_candidate > exactly_ns:
            return None
        candidates = self._candidates(ann.index, queries, deeper, depth.effort)
        if candidates is None:
            return None
        rows = self._filter(candidates, allowed_ids)
        if ((rows >= 0).sum(axis=1) < count).any():
            return None  # the allowed rows are elsewhere
        return self.scan.best_of(queries, k, rows)

    def _search_wider(
        self, queries: Vectors, k: int, allowed_ids: Ids
    ) -> tuple[RowNumbers, Scores] | None:
        """Return the best allowed rows among the best of all; None where fewer than k of them pass.

        Exact: every row that is better than the last was considered.
        """
        live = self.rows.ids.live
        deeper = min(round(2 * k * live / len(allowed_ids)) + 10, live)
        if deeper > MAX_CANDIDATES * len(self.rows):
            return None
        rows, scores = self.scan.search(queries, deeper)
        out = self._filter(rows, allowed_ids) < 0
        if (out.sum(axis=1) > deeper - k).any():
            return None
        order = np.argsort(out, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(rows, order, 1), np.take_along_axis(scores, order, 1)

    def _filter(self, rows: RowNumbers, allowed_ids: Ids) -> RowNumbers:
        """Return the rows whose ids are among `allowed_ids`; -1 in place of the others."""
        ids = self.rows.ids.of_rows(rows)
        places = np.searchsorted(allowed_ids, ids).clip(max=len(allowed_ids) - 1)
        return np.where((allowed_ids[places] == ids) & (ids >= 0), rows, -1)

    def _candidates(
        self, index: AnnIndex, queries: Vectors, count: int, effort: int
    ) -> RowNumbers | None:
        """Return about the best `count` live rows; None where a GPU fails, or has no more."""
        # Dead rows are found too: on average as many more as their part of all rows.
        deeper = round(count * len(self.rows) / self.rows.ids.live)
        if deeper > index.most_candidates:
            return None
        return self.ann.candidates(index, queries, deeper, effort)


def no_rows(queries: Vectors, k: int) -> tuple[RowNumbers, Scores]:
    """Return the answer (q, k) of pads alone."""
    shape = (len(queries), k)
    return np.full(shape, -1, np.int64), np.full(shape, -np.inf, np.float32)
