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
        self._cached: LRUCache[Key, Facets] = LRUCache(MAX_CACHED)
        self._lock = threading.Lock()

    def facets(self, searched: Sequence[tuple[Collection, int]], where: Filter | None) -> Facets:
        """Return the facets of collections under a filter; the numbers are their last changes.

        Raises:
            BadQuery: the filter is not valid.
        """
        ids = [collection.id for collection, _ in searched]
        heads = tuple((collection.id, head) for collection, head in searched)
        if where is not None:
            where = self._catalog.filters.resolve(ids, where)
        key = (heads, format_filter(where) if where is not None else "")
        with self._lock:  # facts are read and updated by one caller at a time
            if key not in self._cached:
                self._cached[key] = self._counted(heads, where)
            return self._cached[key]

    def keep_only(self, collection_ids: set[int]) -> None:
        """Drop the facts of all other collections."""
        if self._facts.keys() <= collection_ids:
            return  # without waiting for a caller that reads them
        with self._lock:
            kept = {key: facts for key, facts in self._facts.items() if key in collection_ids}
            self._facts = kept

    def _counted(self, heads: Sequence[tuple[int, int]], where: Filter | None) -> Facets:
        held = []
        for collection_id, head in heads:
            facts = self._facts.setdefault(
                collection_id, FactColumns(self._catalog.facts, collection_id, self._codes)
            )
            facts.follow(head)
            held.append((collection_id, facts))
        known: dict[str, list[Part]] = {}

        def parts(asked: str) -> Sequence[Part]:
            kept = _without(where, asked)
            name = "" if kept is None else format_filter(kept)
            if name not in known:
                known[name] = self._passing(held, kept)
            return known[name]

        columns = sorted({name for _, facts in held for name in facts.columns})
        return count(parts, columns)

    def _passing(self, held: Sequence[tuple[int, FactColumns]], where: Filter | None) -> list[Part]:
        if where is None:
            return [(facts, np.ones(len(facts.rows.ids), bool)) for _, facts in held]
        passing = self._catalog.filters.ids([each for each, _ in held], where)
        return [(facts, _in(facts.rows.ids, passing[each])) for each, facts in held]


def _in(ids: Ids, passing: Ids) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return a mask of the `ids` that pass; both are ascending."""
    mask = np.zeros(len(ids), bool)
    at = np.searchsorted(ids, passing)
    found = at < len(ids)
    at, passing = at[found], passing[found]
    mask[at[ids[at] == passing]] = True
    return mask


def _without(where: Filter | None, asked: str) -> Filter | None:
    """Return the filter without its part about a facet that has one value a picture."""
    if where is None or not asked:
        return where
    parts = where.filters if isinstance(where, AllOf) else (where,)
    kept = tuple(part for part in parts if set(_asked(part)) != {asked})
    if not kept:
        return None
    return kept[0] if len(kept) == 1 else AllOf(kept)


def _asked(part: Filter) -> Iterator[str]:
    """Yield the facets of a filter's part, as `counting.count` names them."""
    for condition in conditions(part):
        column = column_of(condition)
        if column is not None:
            yield COLUMN + column
        elif condition.field in ALONE:
            yield condition.field
        else:
            yield f"{condition.field} {condition.operator}"  # is counted under all of the filter
