"""What collections hold, counted under a filter, and kept until they or the filter change."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence

import numpy as np

from search.catalog.catalog import Catalog
from search.catalog.records import Collection
from search.facets.columns import FactColumns, ValueCodes
from search.facets.counting import Part, count
from search.facets.records import Facets
from search.filters.fields import COLUMN
from search.filters.grammar import column_of, conditions, written
from search.filters.tree import AllOf, Filter
from search.records import Ids

# Answers that are kept: a page asks for the same one while its words change.
MOST_KEPT = 64

# Facets of which a picture has one value: the others are shown beside the one that was chosen.
ALONE = ("date", "camera", "format", "orientation", "megapixels", "size", "folder", "box")

Key = tuple[tuple[tuple[int, int], ...], str]


class Holdings:
    """Counts what collections hold. Safe to call from many threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._codes = ValueCodes()
        self._facts: dict[int, FactColumns] = {}
        self._kept: OrderedDict[Key, Facets] = OrderedDict()
        self._lock = threading.Lock()

    def facets(self, searched: Sequence[tuple[Collection, int]], where: Filter | None) -> Facets:
        """The facets of collections, each with the number of its last change, under a filter.

        Raises:
            BadQuery: the filter can't be followed.
        """
        ids = [collection.id for collection, _ in searched]
        heads = tuple((collection.id, head) for collection, head in searched)
        if where is not None:
            where = self._catalog.filters.resolved(ids, where)
        key = (heads, written(where) if where is not None else "")
        with self._lock:  # facts are read and brought level by one caller at a time
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            counted = self._counted(heads, where)
            self._kept[key] = counted
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return counted

    def forget(self, kept: set[int]) -> None:
        """Let go of the facts of all but these collections."""
        if self._facts.keys() <= kept:
            return  # without waiting for one who reads them
        with self._lock:
            self._facts = {each: facts for each, facts in self._facts.items() if each in kept}

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
            name = "" if kept is None else written(kept)
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
    """Which of `ids` pass; both are ascending."""
    mask = np.zeros(len(ids), bool)
    at = np.searchsorted(ids, passing)
    found = at < len(ids)
    at, passing = at[found], passing[found]
    mask[at[ids[at] == passing]] = True
    return mask


def _without(where: Filter | None, asked: str) -> Filter | None:
    """The filter without its own part about a facet, where a picture has one value of that."""
    if where is None or not asked:
        return where
    parts = where.filters if isinstance(where, AllOf) else (where,)
    kept = tuple(part for part in parts if set(_asked(part)) != {asked})
    if not kept:
        return None
    return kept[0] if len(kept) == 1 else AllOf(kept)


def _asked(part: Filter) -> Iterator[str]:
    """The facets that a part of a filter asks about, by the names that `facets.count` gives."""
    for condition in conditions(part):
        column = column_of(condition)
        if column is not None:
            yield COLUMN + column
        elif condition.field in ALONE:
            yield condition.field
        else:
            yield f"{condition.field} {condition.operator}"  # is counted under all of the filter
