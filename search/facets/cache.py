"""A cache of facets: counted under a filter, until a collection or the filter changes."""

import threading
from collections.abc import Mapping, Sequence

import numpy as np
from cachetools import LRUCache

from search.catalog.catalog import Catalog
from search.facets.choices import without_facet
from search.facets.columns import FactColumns, ValueCodes
from search.facets.counted_set import CountedSet, Mask, Part
from search.facets.counting import count
from search.facets.records import EVERYTHING, AnswerSet, Facets
from search.query.filters.grammar import format_filter
from search.query.filters.tree import Filter
from search.records import Collection, Ids

# Counts that are cached: a page requests the same ones while its words change.
MAX_CACHED = 64

# Masks of filters that are cached: 600 of 100,000 pictures.
MAX_MASK_BYTES = 64_000_000

Change = tuple[int, int]
"""A collection's id, and the number of its last change."""


class FacetCache:
    """A cache of the facets of collections. Safe to call from many threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._codes = ValueCodes()
        self._facts: dict[int, FactColumns] = {}
        self._results: LRUCache[object, Facets] = LRUCache(MAX_CACHED)
        self._masks: LRUCache[tuple[Change, str], Mask] = LRUCache(
            MAX_MASK_BYTES, lambda mask: mask.nbytes
        )
        self._lock = threading.Lock()

    def facets(
        self,
        collections: Sequence[tuple[Collection, int]],
        where: Filter | None,
        answer: AnswerSet = EVERYTHING,
    ) -> Facets:
        """Return the facets of an answer under a filter; the numbers are the last changes.

        Raises:
            BadQuery: the filter is not valid.
        """
        ids = [collection.id for collection, _ in collections]
        last_changes = tuple((collection.id, change) for collection, change in collections)
        if where is not None:
            where = self._catalog.filters.resolve(ids, where)
        text = format_filter(where) if where is not None else ""
        key = (last_changes, text, answer.key)
        with self._lock:  # facts are read and updated by one caller at a time
            if key not in self._results:
                self._results[key] = self._count(last_changes, where, answer)
            return self._results[key]

    def keep_only(self, collection_ids: set[int]) -> None:
        """Drop the facts of all other collections."""
        if self._facts.keys() <= collection_ids:
            return  # without waiting for a caller that reads them
        with self._lock:
            self._facts = {
                key: facts for key, facts in self._facts.items() if key in collection_ids
            }

    def _count(
        self, last_changes: Sequence[Change], where: Filter | None, answer: AnswerSet
    ) -> Facets:
        fact_columns = [self._columns_of(*change) for change in last_changes]
        masks = self._masks_of(last_changes, fact_columns, without_facet(where, ""))
        sets: dict[tuple[str, ...], CountedSet] = {}

        def set_of(facet: str) -> CountedSet:
            filters = tuple(map(format_filter, without_facet(where, facet)))
            if filters not in sets:
                parts = [
                    _part(facts, [masks[change, text] for text in filters], answer)
                    for change, facts in zip(last_changes, fact_columns, strict=True)
                ]
                sets[filters] = CountedSet(parts, answer.at_least)
            return sets[filters]

        columns = sorted({name for facts in fact_columns for name in facts.columns})
        return count(set_of, columns)

    def _columns_of(self, collection_id: int, last_change: int) -> FactColumns:
        facts = self._facts.setdefault(
            collection_id, FactColumns(self._catalog.facts, collection_id, self._codes)
        )
        facts.follow(last_change)
        return facts

    def _masks_of(
        self,
        last_changes: Sequence[Change],
        fact_columns: Sequence[FactColumns],
        filters: Sequence[Filter],
    ) -> Mapping[tuple[Change, str], Mask]:
        """Return which rows pass each of the filters, by collection and filter."""
        masks = {}
        for each in filters:
            text = format_filter(each)
            if any((change, text) not in self._masks for change in last_changes):
                passing_ids = self._catalog.filters.ids([id_ for id_, _ in last_changes], each)
                for change, facts in zip(last_changes, fact_columns, strict=True):
                    masks[change, text] = _in(facts.rows.ids, passing_ids[change[0]])
                    if masks[change, text].nbytes <= MAX_MASK_BYTES:
                        self._masks[change, text] = masks[change, text]
            else:
                masks |= {(change, text): self._masks[change, text] for change in last_changes}
        return masks


def _part(facts: FactColumns, masks: Sequence[Mask], answer: AnswerSet) -> Part:
    """Return the rows of a collection that pass all masks, and those of the answer."""
    ids = facts.rows.ids
    passes = ~_in(ids, answer.left_out_ids) if len(answer.left_out_ids) else np.ones(len(ids), bool)
    for mask in masks:
        passes = passes & mask
    own = passes if answer.ids is None else passes & _in(ids, answer.ids)
    return Part(facts, passes if answer.at_least else own, own)


def _in(ids: Ids, passing_ids: Ids) -> Mask:
    """Return a mask of the `ids` that pass; both are ascending."""
    mask = np.zeros(len(ids), bool)
    at = np.searchsorted(ids, passing_ids)
    inside = at < len(ids)
    at, passing_ids = at[inside], passing_ids[inside]
    mask[at[ids[at] == passing_ids]] = True
    return mask
