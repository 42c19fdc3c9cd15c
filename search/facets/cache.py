"""A cache of facets: counted under a filter, until a collection or the filter changes."""

import threading
from collections.abc import Iterator, Sequence

import numpy as np
from cachetools import LRUCache

from search.catalog.catalog import Catalog
from search.facets.columns import FactColumns, ValueCodes
from search.facets.counting import Part, count
from search.facets.records import Facets
from search.picture_facts import COUNTED
from search.query.filters.fields import COLUMN
from search.query.filters.grammar import column_of, conditions, format_filter
from search.query.filters.tree import AllOf, Filter
from search.records import Collection, Ids

# Counts that are cached: a page requests the same ones while its words change.
MAX_CACHED = 64

# Facets with one value a picture: the other values are shown next to the chosen one.
ALONE = (
    *("date", "orientation", "megapixels", "size", "folder", "box"),
    *(fact.field for fact in COUNTED),
)

Key = tuple[tuple[tuple[int, int], ...], str]


class FacetCache:
    """A cache of the facets of collections. Safe to call from many threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._codes = ValueCodes()
        self._facts: dict[int, FactColumns] = {}
        self._results: LRUCache[Key, Facets] = LRUCache(MAX_CACHED)
        self._lock = threading.Lock()

    def facets(self, collections: Sequence[tuple[Collection, int]], where: Filter | None) -> Facets:
        """Return the facets of collections under a filter; the numbers are their last changes.

        Raises:
            BadQuery: the filter is not valid.
        """
        ids = [collection.id for collection, _ in collections]
        last_changes = tuple((collection.id, change) for collection, change in collections)
        if where is not None:
            where = self._catalog.filters.resolve(ids, where)
        key = (last_changes, format_filter(where) if where is not None else "")
        with self._lock:  # facts are read and updated by one caller at a time
            if key not in self._results:
                self._results[key] = self._count(last_changes, where)
            return self._results[key]

    def keep_only(self, collection_ids: set[int]) -> None:
        """Drop the facts of all other collections."""
        if self._facts.keys() <= collection_ids:
            return  # without waiting for a caller that reads them
        with self._lock:
            self._facts = {
                key: facts for key, facts in self._facts.items() if key in collection_ids
            }

    def _count(self, last_changes: Sequence[tuple[int, int]], where: Filter | None) -> Facets:
        fact_columns = []
        for collection_id, last_change in last_changes:
            facts = self._facts.setdefault(
                collection_id, FactColumns(self._catalog.facts, collection_id, self._codes)
            )
            facts.follow(last_change)
            fact_columns.append((collection_id, facts))
        parts_by_filter: dict[str, list[Part]] = {}

        def parts(facet: str) -> Sequence[Part]:
            rest = _without(where, facet)
            name = "" if rest is None else format_filter(rest)
            if name not in parts_by_filter:
                parts_by_filter[name] = self._parts(fact_columns, rest)
            return parts_by_filter[name]

        columns = sorted({name for _, facts in fact_columns for name in facts.columns})
        return count(parts, columns)

    def _parts(
        self, fact_columns: Sequence[tuple[int, FactColumns]], where: Filter | None
    ) -> list[Part]:
        if where is None:
            return [(facts, np.ones(len(facts.rows.ids), bool)) for _, facts in fact_columns]
        passing_ids = self._catalog.filters.ids(
            [collection_id for collection_id, _ in fact_columns], where
        )
        return [
            (facts, _in(facts.rows.ids, passing_ids[collection_id]))
            for collection_id, facts in fact_columns
        ]


def _in(ids: Ids, passing_ids: Ids) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return a mask of the `ids` that pass; both are ascending."""
    mask = np.zeros(len(ids), bool)
    at = np.searchsorted(ids, passing_ids)
    inside = at < len(ids)
    at, passing_ids = at[inside], passing_ids[inside]
    mask[at[ids[at] == passing_ids]] = True
    return mask


def _without(where: Filter | None, facet: str) -> Filter | None:
    """Return the filter without its part about a facet that has one value a picture."""
    if where is None or not facet:
        return where
    parts = where.filters if isinstance(where, AllOf) else (where,)
    others = tuple(part for part in parts if set(_facets_of(part)) != {facet})
    if not others:
        return None
    return others[0] if len(others) == 1 else AllOf(others)


def _facets_of(part: Filter) -> Iterator[str]:
    """Yield the facets of a filter's part, as `counting.count` names them."""
    for condition in conditions(part):
        column = column_of(condition)
        if column is not None:
            yield COLUMN + column
        elif condition.field in ALONE:
            yield condition.field
        else:
            yield f"{condition.field} {condition.operator}"  # is counted under all of the filter
