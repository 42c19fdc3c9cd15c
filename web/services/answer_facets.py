"""The facets of an answer: what each filter would leave of it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from search.engine import Engine
from search.errors import BadQuery
from search.facets.records import EVERYTHING, AnswerSet, Facets
from search.query.filters.grammar import parse
from search.query.filters.tree import AllOf, Filter
from search.query.records import Query
from web.services.answer_set import answer_set
from web.services.result_cache import ResultCache


class AnswerFacets:
    """A counter of facets, which ranks a question once for all of its filters."""

    def __init__(self, engine: Engine, result_cache: ResultCache) -> None:
        self._engine = engine
        self._result_cache = result_cache

    def facets(self, query: Query, filters: Sequence[Filter]) -> Facets:
        """Return the facets of a query's answer under other filters than its own.

        Each facet is counted without the filters that choose in it alone. What is read in the
        query's words filters too.

        Raises what `Engine.answer` raises.
        """
        answer, read_filters = self._without_filters(query)
        return self._count(query, [*filters, *read_filters], answer)

    def pass_count(self, query: Query, filters: Sequence[Filter]) -> int:
        """Return how many pictures pass the filters, in the answer or not."""
        return self._count(query, [*filters, *self._without_filters(query)[1]]).pictures

    def _without_filters(self, query: Query) -> tuple[AnswerSet, list[Filter]]:
        """Return the answer without the query's filter, and the filters that its words say."""
        if not query.ranks:
            return AnswerSet(None, np.array(sorted(query.less), np.int64)), []
        whole = replace(query, where=None)
        try:
            results = self._result_cache.whole(whole)
        except BadQuery:  # words that say nothing by themselves, such as "photos", and a filter
            return self._without_filters(replace(query, terms=(), more=()))
        read_filters = [
            parse(each.where) for each in results.readings if each.where and each.is_applied
        ]
        return answer_set(whole, results), read_filters

    def _count(
        self, query: Query, filters: Sequence[Filter], answer: AnswerSet = EVERYTHING
    ) -> Facets:
        where = AllOf(tuple(filters)) if filters else None
        return self._engine.facets(query.collections, where, answer)
