"""The depths at which an ANN index over all rows of a store reaches the target recall."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from search.records import Ids, QueryKind, Vectors
from search.stores.faiss_store.ann import AnnIndex
from search.stores.planner.measure import GRAPHS, ROW_US, measure_depth, took_us
from search.stores.planner.plan import Depth
from search.stores.planner.sample import StoreSample

# Without texts to measure with: in every collection measured, texts needed up to twice the depth.
UNKNOWN_TEXTS = 3

# A collection's own pictures may be close together, and are found sooner than others. Half
# of the texts' effort found 98.5 to 99.4% of photographs from elsewhere, in four graphs.
STRANGE = 0.5

AT_ONCE = 32

Search = Callable[[Vectors, int], Ids]
"""An exact search: the ids of the best k rows for each query, (q, k)."""


@dataclass(frozen=True, slots=True)
class AnnDepths:
    """The depth for each kind of query, the least recall@10 at these depths, and the reasons."""

    text: Depth
    picture: Depth
    recall: float
    reasons: tuple[str, ...]


class DepthMeasurement:
    """A measurement of ANN indexes over all rows, with a sample's queries."""

    def __init__(self, sample: StoreSample, search: Search) -> None:
        self._sample = sample
        self._search = search
        self._truth: dict[QueryKind, Ids] = {}

    def describe_queries(self) -> str:
        """Return the number and kinds of the queries, as a reason of a plan."""
        pictures = f"{len(self._sample.queries['picture']):,} pictures"
        if "text" in self._sample.queries:
            texts = f"{len(self._sample.queries['text']):,} captions"
            return f"measured with {texts} and {pictures} of it"
        return (
            f"measured with {pictures} of it: it has too few "
            f"captions to stand for texts, which search {UNKNOWN_TEXTS} times as deep"
        )

    def measure(self, index: AnnIndex) -> AnnDepths:
        """Return the depth for each kind of query that reaches the target."""
        depths: dict[QueryKind, Depth] = {}
        recalls: list[float] = []
        reasons: list[str] = []
        for kind, queries in sorted(self._sample.queries.items(), reverse=True):  # texts first
            depth, recall = measure_depth(index, queries, self._nearest(kind), self._sample.ids)
            if kind == "picture" and "text" in depths and index.name in GRAPHS:
                least = round(STRANGE * depths["text"].effort)
                depth = replace(depth, effort=max(depth.effort, least))
            depths[kind] = depth
            recalls.append(recall)
            cost_us = took_us(index, queries, depth) + ROW_US * depth.of_10
            reasons.append(
                f"{index.name} finds {recall:.3f} of the best ten for {kind} queries in "
                f"{cost_us / 1000:.2f} ms, ranking {depth.of_10} candidates"
            )
        picture = depths["picture"]
        text = depths.get("text") or picture.times(UNKNOWN_TEXTS)
        return AnnDepths(text, picture, min(recalls), tuple(reasons))

    def _nearest(self, kind: QueryKind) -> Ids:
        """Return the ids of the best 100 rows (q, 100), without the queries' own and newer rows."""
        if kind not in self._truth:
            queries, late_ids = self._sample.queries[kind], self._sample.ids[self._sample.late_rows]
            ids = np.concatenate(
                [  # a few at once: a waiting write blocks all searches
                    self._search(queries[start : start + AT_ONCE], 100 + len(late_ids))
                    for start in range(0, len(queries), AT_ONCE)
                ]
            )
            out = np.isin(ids, late_ids) | ~np.isin(ids, self._sample.ids)
            order = np.argsort(out, axis=1, kind="stable")[:, :100]
            self._truth[kind] = np.take_along_axis(ids, order, 1)
        return self._truth[kind]
