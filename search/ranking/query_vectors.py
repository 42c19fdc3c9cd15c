"""The terms and marks of a query as vectors: files are read, indexed vectors come from SQL."""

from collections.abc import Callable
from pathlib import Path

from search.catalog.catalog import Catalog
from search.catalog.query_adapter import Adapter
from search.catalog.records import Concept
from search.encoders import Encoder
from search.errors import BadQuery, SpaceMismatch
from search.pictures import Limits, read_picture
from search.query.records import ConceptTerm, IndexedTerm, PictureTerm, Query
from search.ranking.calibration import Background
from search.ranking.embedding import EmbeddedQuery, embed_terms
from search.ranking.indexed_vectors import IndexedVectors
from search.ranking.relevance_feedback import FeedbackQuery, MarkedVectors, apply_feedback
from search.records import Pixels, Vectors
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
        indexed_vectors: IndexedVectors,
        background: Callable[[], Background],
        adapter: Adapter | None = None,
    ) -> None:
        self._catalog = catalog
        self._limits = limits
        self._encoder = encoder
        self._indexed_vectors = indexed_vectors
        self._background = background
        self._adapter = adapter

    def embed(self, query: Query) -> tuple[EmbeddedQuery, FeedbackQuery | None]:
        """Embed the terms, and apply the marks; None without marks.

        Raises:
            BadQuery: the terms or the marks cancel out.
            BadPicture: a picture can't be read.
            NotFound: an indexed picture or a concept no longer exists.
            SpaceMismatch: a concept or an indexed picture is of another space, and no file of it
                can be read.
        """
        embedded_query = None
        if query.terms:
            embedded_query = embed_terms(
                query.terms, self._encoder, self._pixels, self._known_vector, self._adapter
            )
        feedback = None
        if query.more or query.less:
            marked_vectors = MarkedVectors(
                self._indexed_vectors.of(query.more), self._indexed_vectors.of(query.less)
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

    def _known_vector(self, term: IndexedTerm | ConceptTerm) -> Vectors:
        if isinstance(term, ConceptTerm):
            return self._concept(term.name)
        row: Vectors = self._indexed_vectors.of([term.picture_id])[0]
        return row

    def _concept(self, name: str) -> Vectors:
        """Return a concept's vector: stored for this space, or made from its words and marks."""
        space, concept = self._encoder.space, self._catalog.concepts.one(name)
        stored_vector = concept.vectors.get(space.id)
        if stored_vector is not None and len(stored_vector) == space.width:
            return stored_vector
        more = self._marked_pictures(concept, more=True)
        less = self._marked_pictures(concept, more=False)
        if not concept.words and not more:
            raise SpaceMismatch(
                "concept-of-another-encoder",
                "concept {name!r} was not made with {encoder}, and none of "
                "{marks} that it was made of is indexed with a file that can be read; index them, "
                "or mark pictures anew",
                name=name,
                encoder=space.encoder,
                marks=amount(len(concept.marks), "picture"),
            )
        return self.vector(Query(concept.words, more=more, less=less))

    def _marked_pictures(self, concept: Concept, more: bool) -> tuple[int, ...]:
        """Return the ids of a concept's pictures that can be embedded, in any collection."""
        contents = [mark.content_hash for mark in concept.marks if mark.more is more]
        everywhere = [collection.id for collection in self._catalog.collections.all()]
        ids = self._catalog.pictures.with_contents(contents, everywhere)
        return self._indexed_vectors.available([ids[each] for each in contents if each in ids])

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
