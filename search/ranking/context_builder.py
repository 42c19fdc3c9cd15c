"""The search contexts of a query: one for the collections of each space."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from search.catalog.catalog import Catalog
from search.catalog.conditions import Test
from search.catalog.full_text import FoundWords
from search.encoders import Encoder
from search.encoders.pool import ENCODER_ERRORS, EncoderPool
from search.errors import Message
from search.pictures import Limits
from search.query.records import CutText, PictureTerm, Query, TextTerm
from search.ranking.adapter_cache import AdapterCache
from search.ranking.asked_words import WordMatches
from search.ranking.background_cache import BackgroundCache
from search.ranking.calibration import Background
from search.ranking.context import Exclusion, SearchContext
from search.ranking.embedding import EmbeddedQuery, cuts, join_cuts
from search.ranking.exclusion import split_excluded
from search.ranking.indexed_vectors import FileVectors, IndexedVectors
from search.ranking.name_matches import name_matches
from search.ranking.query_vectors import QueryEmbedder
from search.ranking.space_group import SpaceGroup, in_each_space
from search.ranking.text_matches import match_text
from search.ranking.timing import Timing
from search.records import Collection


class ContextBuilder:
    """A builder of search contexts, each by the encoder of its space. Safe for many threads."""

    def __init__(
        self, catalog: Catalog, limits: Limits, encoders: EncoderPool, timing: Timing
    ) -> None:
        self.adapters = AdapterCache(catalog)
        self.backgrounds = BackgroundCache()
        self._file_vectors = FileVectors()
        self._catalog = catalog
        self._limits = limits
        self._encoders = encoders
        self._timing = timing

    def build(
        self, query: Query, groups: Sequence[SpaceGroup], condition: Test | None
    ) -> tuple[list[SearchContext], tuple[Message, ...]]:
        """Return the context of each group, and notes about groups that can't be searched.

        `condition` filters the words that are found. Several groups have backgrounds of the same
        kind, or scores of the one with captions would be lower; and an encoder that failed a
        moment ago is not opened again.

        Raises, if no group can be searched:
            BadQuery, BadPicture, NotFound, SpaceMismatch: as `QueryEmbedder.embed` does.
            BadSetting, EncoderUnavailable, SpaceMismatch, StorageFailed: the encoder can't be
                opened, or has changed.
        """
        is_only = len(groups) == 1
        stock_texts = not (is_only or all(group.has_queries for group in groups))
        return in_each_space(
            groups, lambda group: self._context(query, group, condition, stock_texts, is_only)
        )

    def _context(
        self,
        query: Query,
        group: SpaceGroup,
        condition: Test | None,
        stock_texts: bool,
        retry: bool,
    ) -> SearchContext:
        encoder = self._encoders.encoder_of(group.collections[0], retry)
        background = self._background(group, encoder, stock_texts)
        query, excluded = split_excluded(query)
        with self._timing.stage("embed"):
            embedded_query, feedback = self._embedder(group, encoder, background).embed(query)
        self._timing.batch("texts", sum(isinstance(term, TextTerm) for term in query.terms))
        self._timing.batch("pictures", sum(isinstance(term, PictureTerm) for term in query.terms))
        with self._timing.stage("words"):
            words = self._found_words(query, embedded_query.words, group, condition)
            names = self._name_matches(query, embedded_query, group, condition)
            text = self._text_matches(query, embedded_query, group, condition)
        exclusions = tuple(
            Exclusion(self._context(each, group, condition, stock_texts, retry), strength)
            for each, strength in excluded
        )
        return SearchContext(
            query=query,
            embedded_query=embedded_query,
            indexes=group.indexes,
            words=words,
            background=background,
            feedback=feedback,
            names=names,
            text=text,
            exclusions=exclusions,
        )

    def cuts(self, query: Query, collections: Sequence[Collection]) -> tuple[CutText, ...]:
        """Return the query's texts that are too long for the encoders that can be opened."""
        parts = []
        for collection in {each.space.id: each for each in collections}.values():
            with suppress(*ENCODER_ERRORS):
                parts.append(cuts(query.terms, self._encoders.encoder_of(collection)))
        return join_cuts(parts)

    def embedder(self, group: SpaceGroup) -> QueryEmbedder:
        """Return the embedder of a group; raise what `build` raises about the encoder."""
        encoder = self._encoders.encoder_of(group.collections[0])
        return self._embedder(group, encoder, self._background(group, encoder, False))

    def _found_words(
        self, query: Query, words: tuple[str, ...], group: SpaceGroup, condition: Test | None
    ) -> FoundWords | None:
        """Search the words index, if the words signal is requested and captions exist."""
        has_captions = any(index.caption_count for index in group.indexes)
        if not has_captions or not words or "words" not in query.by:
            return None
        collection_ids = [collection.id for collection in group.collections]
        return self._catalog.words.find(words, collection_ids, condition)

    def _name_matches(
        self,
        query: Query,
        embedded_query: EmbeddedQuery,
        group: SpaceGroup,
        condition: Test | None,
    ) -> WordMatches:
        """Search the names index, if the name signal is requested."""
        words = embedded_query.words
        if not words or "name" not in query.by:
            return {}
        collection_ids = [collection.id for collection in group.collections]
        found_words = self._catalog.names.find(words, collection_ids, condition)
        pictures = sum(index.picture_count for index in group.indexes)
        return name_matches(found_words, pictures, embedded_query.reading)

    def _text_matches(
        self,
        query: Query,
        embedded_query: EmbeddedQuery,
        group: SpaceGroup,
        condition: Test | None,
    ) -> WordMatches:
        """Search the index of text, if the text signal is requested and there are words."""
        texts = [
            term.text for term in query.terms if isinstance(term, TextTerm) and term.weight > 0
        ]
        if not texts or "text" not in query.by:
            return {}
        collection_ids = [collection.id for collection in group.collections]
        text = " \n ".join(texts)
        found_text = self._catalog.text_words.find(text, collection_ids, condition)
        if found_text is None:
            return {}
        pictures = sum(index.picture_count for index in group.indexes)
        return match_text(found_text, pictures, embedded_query.reading)

    def _background(
        self, group: SpaceGroup, encoder: Encoder, stock_texts: bool
    ) -> Callable[[], Background]:
        return partial(self.backgrounds.of, group.indexes, encoder.encode_texts, stock_texts)

    def _embedder(
        self, group: SpaceGroup, encoder: Encoder, background: Callable[[], Background]
    ) -> QueryEmbedder:
        catalog, limits, collections = self._catalog, self._limits, group.collections
        vectors = IndexedVectors(catalog, limits, encoder, collections, self._file_vectors)
        adapter = self.adapters.adapter_of(collections)
        return QueryEmbedder(catalog, limits, encoder, vectors, background, adapter)
