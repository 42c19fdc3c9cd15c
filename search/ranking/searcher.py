"""The search of a catalog: a query's collections, filter, vectors and words, then its ranking."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from search.catalog.catalog import Catalog
from search.catalog.conditions import Test
from search.catalog.full_text import FoundWords
from search.encoders import Encoder
from search.encoders.pool import EncoderPool
from search.errors import BadQuery, Message, NotFound, SpaceMismatch
from search.indexes.collection_indexes import CollectionIndexes
from search.indexes.pool import IndexPool, SearchedCollections
from search.pictures import Limits
from search.query.checks import check
from search.query.filters.contradictions import contradiction, format_contradiction
from search.query.filters.grammar import format_filter
from search.query.filters.tree import Filter
from search.query.limits import MAX_HITS
from search.query.records import CutText, Hit, PictureTerm, Query, TextTerm
from search.ranking.adapter_cache import AdapterCache
from search.ranking.background_cache import BackgroundCache
from search.ranking.calibration import Background
from search.ranking.candidates import hit_of, newest_first, rank_function, searches_captions
from search.ranking.context import SearchContext, vectors_of
from search.ranking.embedding import cuts
from search.ranking.pagination import RankedResults, ResultPage, paginate
from search.ranking.query_vectors import QueryEmbedder
from search.ranking.timing import Timing
from search.records import Vectors

NOTHING_INDEXED = Message("nothing-indexed", "no pictures are indexed yet; limn index PATH")


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
        self.adapters = AdapterCache(catalog)
        self._timing = timing
        self._backgrounds = BackgroundCache()
        self._catalog = catalog
        self._limits = limits
        self._encoders = encoders
        self._indexes = indexes
        self._keep_facets = keep_facets

    def rank(self, query: Query) -> RankedResults:
        """Rank pictures by a query; raise what `Engine.answer` raises."""
        check(query)
        return self._by_relevance(query) if query.ranks else self._by_date(query)

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

    def vector_of(self, query: Query) -> tuple[str, Vectors]:
        """Return the id of a query's space, and its vector (width,) with its marks applied."""
        check(query)
        if not query.ranks:
            raise BadQuery(
                "query-leads-nowhere",
                "nothing is asked that leads anywhere; give words, a picture, or both",
            )
        collections = self._collections_of(query)
        if not collections:
            raise NotFound(NOTHING_INDEXED)
        encoder = self._encoders.encoder_of(collections[0][0])
        indexes = self._indexes.indexes(collections, searches_captions(query))
        background = self._background(indexes, encoder)
        vector = self._embedder(encoder, collections, background).vector(query)
        return encoder.space.id, vector

    def _by_relevance(self, query: Query) -> RankedResults:
        with_captions = searches_captions(query)
        query, collections = self._resolve(query)
        if not collections:
            return no_results(NOTHING_INDEXED)
        ids = [collection.id for collection, _ in collections]
        encoder = self._encoders.encoder_of(collections[0][0])
        cut_texts = cuts(query.terms, encoder)
        allowed_ids = condition = None
        if query.where is not None:
            with self._timing.stage("filter"):
                condition = self._catalog.filters.condition(query.where)
                allowed_ids = self._catalog.filters.ids(ids, condition)
            if not any(map(len, allowed_ids.values())):
                return no_results(none_passes(query.where), cut_texts)
        with self._timing.stage("align"):
            indexes = self._indexes.indexes(collections, with_captions, allowed_ids)
        if not any(index.picture_count for index in indexes):
            return no_results(NOTHING_INDEXED, cut_texts)
        background = self._background(indexes, encoder)
        with self._timing.stage("embed"):
            embedded_query, feedback = self._embedder(encoder, collections, background).embed(query)
        self._timing.batch("texts", sum(isinstance(term, TextTerm) for term in query.terms))
        self._timing.batch("pictures", sum(isinstance(term, PictureTerm) for term in query.terms))
        with self._timing.stage("words"):
            words = self._found_words(query, embedded_query.words, ids, indexes, condition)
        context = SearchContext(query, embedded_query, indexes, words, background, feedback)
        hashes_of = self._catalog.hashes.of
        with self._timing.stage("rank"):
            vectors = partial(vectors_of, indexes)
            page, ranking = paginate(query, rank_function(context), vectors, hashes_of)
        return RankedResults(page, ranking, cut_texts, query.offset + 1)

    def _by_date(self, query: Query) -> RankedResults:
        """Rank the newest pictures first, for a query of a filter or collections alone."""
        query, collections = self._resolve(query)
        if not collections:
            return no_results(NOTHING_INDEXED)
        ids = [collection.id for collection, _ in collections]
        indexes = self._indexes.indexes(collections, False) if query.compares else []
        with self._timing.stage("filter"):
            newest = self._catalog.filters.newest(ids, query.where, MAX_HITS)
        if not len(newest):
            return no_results(none_passes(query.where) if query.where else NOTHING_INDEXED)
        with self._timing.stage("rank"):
            page, ranking = paginate(
                query,
                lambda depth: newest_first(newest[:depth]),
                partial(vectors_of, indexes),
                self._catalog.hashes.of,
            )
        return RankedResults(page, ranking, first=query.offset + 1)

    def _resolve(self, query: Query) -> tuple[Query, SearchedCollections]:
        """Return the query with the columns of its filter resolved, and its collections."""
        collections = self._collections_of(query)
        if query.where is not None:
            ids = [collection.id for collection, _ in collections]
            query = replace(query, where=self._catalog.filters.resolve(ids, query.where))
        return query, collections

    def _collections_of(self, query: Query) -> SearchedCollections:
        """Return the collections to search; raise SpaceMismatch for several spaces."""
        compares = query.compares
        collections = self._catalog.collections.with_last_changes(query.collections)
        if not query.collections:  # all collections: drop what belongs to removed ones
            collection_ids = {collection.id for collection, _ in collections}
            self._keep_facets(collection_ids)
            if self._indexes.keep_only([collection for collection, _ in collections]):
                self._backgrounds.clear()
        if compares and len({collection.space.id for collection, _ in collections}) > 1:
            summaries = self._catalog.collections.summaries()
            filled_names = {summary.name for summary in summaries if summary.pictures}
            collections = [pair for pair in collections if pair[0].name in filled_names]
            if len({collection.space.id for collection, _ in collections}) > 1:
                listing = "; ".join(
                    f"{collection.name}: {collection.space.encoder}"
                    for collection, _ in collections
                )
                raise SpaceMismatch(
                    "spaces-differ",
                    "these collections were embedded by different encoders, whose scores can't be "
                    "compared; choose one with --collection ({collections})",
                    collections=listing,
                )
        return collections

    def _found_words(
        self,
        query: Query,
        words: tuple[str, ...],
        collection_ids: Sequence[int],
        indexes: Sequence[CollectionIndexes],
        condition: Test | None,
    ) -> FoundWords | None:
        """Search the words index, if the words signal is requested and captions exist."""
        has_captions = any(index.caption_count for index in indexes)
        if not has_captions or not words or "words" not in query.by:
            return None
        return self._catalog.words.find(words, collection_ids, condition)

    def _background(
        self, indexes: Sequence[CollectionIndexes], encoder: Encoder
    ) -> Callable[[], Background]:
        return partial(self._backgrounds.of, indexes, encoder.encode_texts)

    def _embedder(
        self,
        encoder: Encoder,
        collections: SearchedCollections,
        background: Callable[[], Background],
    ) -> QueryEmbedder:
        records = [collection for collection, _ in collections]
        adapter = self.adapters.adapter_of(records)
        return QueryEmbedder(self._catalog, self._limits, encoder, records, background, adapter)


def no_results(note: Message, cut_texts: tuple[CutText, ...] = ()) -> RankedResults:
    """Return results without a picture, and a note with the reason."""
    return RankedResults(ResultPage((), None, False, (note,)), cuts=cut_texts)


def none_passes(where: Filter) -> Message:
    """Return the note for a filter that no picture passes, or none can pass."""
    conflict = contradiction(where)
    if conflict:
        return Message(
            "filter-contradicts",
            "no picture can pass the filter: {reason}",
            reason=format_contradiction(conflict),
        )
    return Message(
        "filter-passes-nothing",
        "no picture passes the filter: {filter}",
        filter=format_filter(where),
    )
