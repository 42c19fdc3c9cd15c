"""The search of a catalog: a query's collections, filter, vectors and words, then its ranking."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from search.catalog.catalog import Catalog
from search.catalog.second_space_errors import answering_by_second
from search.encoders.pool import EncoderPool
from search.errors import BadQuery, Message, NotFound
from search.indexes.collection_indexes import CollectionIndexes
from search.indexes.pool import IndexPool, SearchedCollections
from search.pictures import Limits
from search.query.checks import check
from search.query.reading import Reading
from search.query.records import Hit, Query
from search.query.sorting import RELEVANCE
from search.ranking.candidates import searches_captions
from search.ranking.comparison import Comparison
from search.ranking.context_builder import ContextBuilder
from search.ranking.embedding import join_cuts
from search.ranking.empty_answers import NOTHING_INDEXED, none_passes
from search.ranking.hits import hit_of
from search.ranking.joining import rank_jointly
from search.ranking.ordering import list_pictures, order_of
from search.ranking.pagination import RankedResults, no_results
from search.ranking.sets import paginate_list, paginate_ranking
from search.ranking.space_group import SpaceGroup, in_each_space
from search.ranking.timing import Timing
from search.ranking.understanding import understand
from search.ranking.unknown_words import unknown_words_notes
from search.records import Collection, Ids, Vectors


class Searcher:
    """A searcher that ranks the pictures of one catalog by queries. Safe for many threads."""

    def __init__(
        self,
        catalog: Catalog,
        limits: Limits,
        encoders: EncoderPool,
        indexes: IndexPool,
        timing: Timing,
        keep_facets: Callable[[set[int]], None],
    ) -> None:
        """Take the parts; `keep_facets` drops the facets of all collections but the given ids."""
        self.contexts = ContextBuilder(catalog, limits, encoders, timing)
        self._timing = timing
        self._catalog = catalog
        self._indexes = indexes
        self._keep_facets = keep_facets

    def rank(self, query: Query, second: bool = False) -> RankedResults:
        """Rank pictures by a query; do and raise what `Engine.answer` does."""
        check(query)
        collections = self._collections_of(query)
        query, readings = self._understand(query, collections)
        query, collections = self._resolve(query, collections, second)
        results = (self._by_relevance if query.ranks else self._by_date)(query, collections)
        return replace(results, readings=readings) if readings else results

    def hits(self, results: RankedResults, start: int, count: int) -> tuple[Hit, ...]:
        """Return `count` hits from the rank `start` on, without pictures removed meanwhile."""
        ranking = results.ranking
        if ranking is None:
            return ()
        page_pictures = results.page.pictures[start - results.first :][:count]
        with self._timing.stage("join"):
            pictures = self._catalog.pictures.by_id([place.picture_id for place in page_pictures])
        return tuple(
            hit_of(place, pictures[place.picture_id], rank, ranking)
            for rank, place in enumerate(page_pictures, start=start)
            if place.picture_id in pictures
        )

    def warm(self) -> tuple[Message, ...]:
        """Open all encoders and stores; return notes about encoders that can't be opened.

        Raises their error if none can.
        """
        groups = self._groups(self._catalog.collections.with_last_changes(), with_captions=True)
        return in_each_space(groups, self.contexts.embedder)[1] if groups else ()

    def vectors_of(self, query: Query) -> dict[str, Vectors]:
        """Return a query's vector (width,) with its marks applied, by the id of each space."""
        check(query)
        collections = self._collections_of(query)
        query, _ = self._understand(query, collections)
        if not query.ranks:
            raise BadQuery(
                "query-leads-nowhere",
                "nothing is asked that leads anywhere; give words, a picture, or both",
            )
        groups = self._groups(collections, searches_captions(query))
        if not groups:
            raise NotFound(NOTHING_INDEXED)

        def embed(group: SpaceGroup) -> tuple[str, Vectors]:
            return group.space_id, self.contexts.embedder(group).vector(query)

        vectors, _ = in_each_space(groups, embed)
        return dict(vectors)

    def _understand(
        self, query: Query, collections: SearchedCollections
    ) -> tuple[Query, tuple[Reading, ...]]:
        """Return the query with its texts read, if it asks for that, and the readings."""
        if not query.understand:
            return query, ()
        ids = [collection.id for collection, _ in collections]
        query, readings = understand(query, self._catalog, ids, date.today())
        check(query)
        return query, readings

    def _by_relevance(self, query: Query, collections: SearchedCollections) -> RankedResults:
        if not collections:
            return no_results(NOTHING_INDEXED)
        records = [collection for collection, _ in collections]
        allowed_ids = condition = None
        if query.where is not None:
            with self._timing.stage("filter"):
                condition = self._catalog.filters.condition(query.where)
                allowed_ids = self._catalog.filters.ids([each.id for each in records], condition)
            if not any(map(len, allowed_ids.values())):
                return no_results(none_passes(query.where), cuts=self.contexts.cuts(query, records))
        with self._timing.stage("align"):
            groups = self._groups(collections, searches_captions(query), allowed_ids)
        if not groups:
            return no_results(NOTHING_INDEXED, cuts=self.contexts.cuts(query, records))
        contexts, notes = self.contexts.build(query, groups, condition)
        notes = (*unknown_words_notes(contexts), *notes)
        cut_texts = join_cuts([context.embedded_query.cuts for context in contexts])
        contexts = [context for context in contexts if context.is_understood]
        if not contexts:
            return no_results(*notes, cuts=cut_texts)
        with self._timing.stage("rank"):
            comparison = self._comparison([context.indexes for context in contexts])
            order, rank = order_of(self._catalog, query), rank_jointly(contexts)
            page, ranking = paginate_ranking(query, rank, comparison, order)
        return RankedResults(page, ranking, cut_texts, query.offset + 1, notes)

    def _by_date(self, query: Query, collections: SearchedCollections) -> RankedResults:
        """Rank the newest pictures first, or sort, for a query of a filter or collections alone."""
        if not collections:
            return no_results(NOTHING_INDEXED)
        ids = [collection.id for collection, _ in collections]
        groups = self._groups(collections, False) if query.compares else []
        with self._timing.stage("filter"):
            places = list_pictures(self._catalog, ids, query)
        if not places:
            return no_results(none_passes(query.where) if query.where else NOTHING_INDEXED)
        with self._timing.stage("rank"):
            comparison = self._comparison([group.indexes for group in groups])
            page, ranking = paginate_list(query, places, comparison)
        return RankedResults(page, ranking, first=query.offset + 1)

    def _resolve(
        self, query: Query, collections: SearchedCollections, second: bool
    ) -> tuple[Query, SearchedCollections]:
        """Return the query with its filter's and its order's columns resolved, and collections."""
        if second:
            collections = [(answering_by_second(each), last) for each, last in collections]
        ids = [collection.id for collection, _ in collections]
        if query.where is not None:
            query = replace(query, where=self._catalog.filters.resolve(ids, query.where))
        if query.sort != RELEVANCE and collections:
            query = replace(query, sort=self._catalog.sorting.resolve(ids, query.sort))
        return query, collections

    def _collections_of(self, query: Query) -> SearchedCollections:
        """Return the collections to search."""
        collections = self._catalog.collections.with_last_changes(query.collections)
        if not query.collections:  # all collections: drop what belongs to removed ones
            collection_ids = {collection.id for collection, _ in collections}
            self._keep_facets(collection_ids)
            if self._indexes.keep_only([collection for collection, _ in collections]):
                self.contexts.backgrounds.clear()
        return collections

    def _groups(
        self,
        collections: SearchedCollections,
        with_captions: bool,
        allowed_ids: Mapping[int, Ids] | None = None,
    ) -> list[SpaceGroup]:
        """Return the collections grouped by space, without groups that have nothing to search."""
        by_space: dict[str, list[tuple[Collection, int]]] = {}
        for collection, last_change in collections:
            by_space.setdefault(collection.space.id, []).append((collection, last_change))
        groups = []
        for members in by_space.values():
            records = [collection for collection, _ in members]
            if allowed_ids is None or any(len(allowed_ids[each.id]) for each in records):
                indexes = self._indexes.indexes(members, with_captions, allowed_ids)
                groups.append(SpaceGroup(records, indexes))
        return [group for group in groups if group.has_pictures]

    def _comparison(self, spaces: Sequence[Sequence[CollectionIndexes]]) -> Comparison:
        return Comparison(spaces, self._catalog)
