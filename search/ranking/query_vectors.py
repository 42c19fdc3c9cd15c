"""The terms and marks of a query as vectors: files are read, indexed vectors come from SQL."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from search.catalog.catalog import Catalog
from search.catalog.query_adapter import Adapter
from search.encoders import Encoder
from search.errors import BadQuery, NotFound, SpaceMismatch
from search.pictures import Limits, read_picture
from search.query.records import ConceptTerm, IndexedTerm, PictureTerm, Query
from search.ranking.calibration import Background
from search.ranking.embedding import EmbeddedQuery, embed_terms
from search.ranking.relevance_feedback import FeedbackQuery, MarkedVectors, apply_feedback
from search.records import Collection, Pixels, Vectors
from search.text.amounts import amount


class QueryEmbedder:
    """An embedder of the terms and marks of queries over collections of one space.

    `background` is called only for marks and concepts: measuring it takes a moment.
    """

    def __init__(
        self,
        catalog: Catalog,
        limits: Limits,
        encoder: Encoder,
        collections: Sequence[Collection],
        background: Callable[[], Background],
        adapter: Adapter | None = None,
    ) -> None:
        self._catalog = catalog
        self._limits = limits
        self._encoder = encoder
        self._collections = collections
        self._background = background
        self._adapter = adapter

    def embed(self, query: Query) -> tuple[EmbeddedQuery, FeedbackQuery | None]:
        """Embed the terms, and apply the marks; None without marks.

        Raises:
            BadQuery: the terms or the marks cancel out.
            BadPicture: a picture can't be read.
            NotFound: an indexed picture or a concept no longer exists.
            SpaceMismatch: an indexed picture or a concept is of another space.
        """
        embedded_query = None
        if query.terms:
            embedded_query = embed_terms(
                query.terms, self._encoder, self._pixels, self._indexed_vector, self._adapter
            )
        feedback = None
        if query.more or query.less:
            marked_vectors = MarkedVectors(
                self._mark_vectors(query.more), self._mark_vectors(query.less)
            )
            vector = None if embedded_query is None else embedded_query.vector
            feedback = apply_feedback(vector, marked_vectors, self._background())
        if embedded_query is not None:
            return embedded_query, feedback
        if feedback is None:
            raise BadQuery(
                "marks-cancel-out",
                "the marks cancel out; mark another picture, or add words",
            )
        return EmbeddedQuery(feedback.vector, None, words=(), text_share=0.0, plain=False), None

    def vector(self, query: Query) -> Vectors:
        """Return the unit vector (width,) of a query with its marks; raise what `embed` raises."""
        embedded_query, feedback = self.embed(query)
        row: Vectors = (feedback.vector if feedback else embedded_query.vector)[0]
        return row

    def _mark_vectors(self, ids: Sequence[int]) -> Vectors:
        """Return the vectors (n, width) of marked pictures; raise NotFound and SpaceMismatch."""
        vectors = self._catalog.pictures.vectors(ids)
        rows = [self._checked_vector(picture_id, vectors) for picture_id in ids]
        return np.array(rows, np.float32).reshape(len(rows), self._encoder.space.width)

    def _indexed_vector(self, term: IndexedTerm | ConceptTerm) -> Vectors:
        if isinstance(term, ConceptTerm):
            return self._concept(term.name)
        vectors = self._catalog.pictures.vectors([term.picture_id])
        return self._checked_vector(term.picture_id, vectors)

    def _concept(self, name: str) -> Vectors:
        """Return a concept's vector: stored for this space, or made from its words and marks."""
        concepts, width = self._catalog.concepts, self._encoder.space.width
        concept = concepts.one(name)
        stored_vector = concept.vectors.get(self._encoder.space.id)
        if stored_vector is not None and len(stored_vector) == width:
            return stored_vector
        ids_by_hash = concepts.pictures(
            concept.marks, [collection.id for collection in self._collections]
        )
        ids: dict[bool, list[int]] = {True: [], False: []}
        for mark in concept.marks:
            if mark.content_hash in ids_by_hash:
                ids[mark.more].append(ids_by_hash[mark.content_hash])
        if not concept.words and not ids[True]:
            raise SpaceMismatch(
                "concept-of-another-encoder",
                "concept {name!r} was not made with {encoder}, and none of "
                "{marks} that it was made of is in the "
                "collections searched; index them there, or mark pictures anew",
                name=name,
                encoder=self._encoder.space.encoder,
                marks=amount(len(concept.marks), "picture"),
            )
        return self.vector(Query(concept.words, more=tuple(ids[True]), less=tuple(ids[False])))

    def _checked_vector(
        self, picture_id: int, vectors: dict[int, tuple[Collection, Vectors]]
    ) -> Vectors:
        if picture_id not in vectors:
            raise NotFound(
                "unknown-picture",
                "there is no picture {id}; it may have been removed",
                id=picture_id,
            )
        collection, vector = vectors[picture_id]
        if collection.space.id != self._encoder.space.id:
            raise SpaceMismatch(
                "picture-of-another-encoder",
                "picture {id} is of collection {collection!r}, embedded by "
                "{encoder}, and {other_collection!r} by "
                "{other_encoder}; search by the picture's file instead",
                id=picture_id,
                collection=collection.name,
                encoder=collection.space.encoder,
                other_collection=self._collections[0].name,
                other_encoder=self._encoder.space.encoder,
            )
        return vector

    def _pixels(self, term: PictureTerm) -> Pixels:
        preparation = self._encoder.preparation
        side_px = max(preparation.width_px, preparation.height_px)
        path_given = isinstance(term.source, Path)
        if term.crop is None:
            picture, _ = read_picture(
                term.source, limits=self._limits, target_px=side_px, drawings=path_given
            )
        else:  # decoded whole, for the part must be large enough
            whole, _ = read_picture(term.source, limits=self._limits, drawings=path_given)
            left, top, right, bottom = term.crop
            width_px, height_px = whole.size
            box = (
                left * width_px // 100,
                top * height_px // 100,
                max(right * width_px // 100, left * width_px // 100 + 1),
                max(bottom * height_px // 100, top * height_px // 100 + 1),
            )
            picture = whole.crop(box)
        return preparation.pixels(picture)
