"""A query's terms and marks as vectors: files are read, and what the catalog holds is looked up."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from search.adapters import Adapter
from search.catalog.catalog import Catalog
from search.catalog.records import Collection
from search.encoders import Encoder
from search.errors import BadQuery, NotFound, SpaceMismatch
from search.pictures import Limits, read_picture
from search.query.records import ConceptTerm, IndexedTerm, PictureTerm, Query
from search.ranking.calibration import Background
from search.ranking.embedding import Asked, understand
from search.ranking.relevance_feedback import Bent, Marked, bend
from search.records import Pixels, Vectors
from search.text.amounts import amount


class Terms:
    """Reads the terms and marks of queries over collections of one space.

    `background` is asked for only where marks or concepts want it: it takes a moment to measure.
    """

    def __init__(
        self,
        catalog: Catalog,
        limits: Limits,
        encoder: Encoder,
        searched: Sequence[Collection],
        background: Callable[[], Background],
        adapter: Adapter | None = None,
    ) -> None:
        self._catalog = catalog
        self._limits = limits
        self._encoder = encoder
        self._searched = searched
        self._background = background
        self._adapter = adapter

    def read(self, query: Query) -> tuple[Asked, Bent | None]:
        """What is asked, and where its marks have bent it; None where there are none.

        Raises:
            BadQuery: the terms or the marks cancel out.
            BadPicture: a picture can't be read.
            NotFound: an indexed picture or a concept is gone.
            SpaceMismatch: an indexed picture or a concept is of another space.
        """
        asked = None
        if query.terms:
            asked = understand(query.terms, self._encoder, self._pixels, self._known, self._adapter)
        bent = None
        if query.more or query.less:
            marked = Marked(self.marked(query.more), self.marked(query.less))
            bent = bend(None if asked is None else asked.vector, marked, self._background())
        if asked is not None:
            return asked, bent
        if bent is None:
            raise BadQuery("the marks cancel out; mark another picture, or give words beside them")
        return Asked(bent.vector, text=None, words=(), told=0.0, plain=False), None

    def marked(self, ids: Sequence[int]) -> Vectors:
        """The vectors (n, width) of marked pictures; raises NotFound and SpaceMismatch."""
        held = self._catalog.pictures.vectors(ids)
        rows = [self._vector(each, held) for each in ids]
        return np.array(rows, np.float32).reshape(len(rows), self._encoder.space.width)

    def _known(self, term: IndexedTerm | ConceptTerm) -> Vectors:
        if isinstance(term, ConceptTerm):
            return self._concept(term.name)
        held = self._catalog.pictures.vectors([term.picture_id])
        return self._vector(term.picture_id, held)

    def _concept(self, name: str) -> Vectors:
        """A concept's vector as it was made in this space, or made again of its words and marks."""
        concepts, width = self._catalog.concepts, self._encoder.space.width
        concept = concepts.one(name)
        kept = concept.vectors.get(self._encoder.space.id)
        if kept is not None and len(kept) == width:
            return kept
        held = concepts.pictures(concept.marks, [each.id for each in self._searched])
        ids: dict[bool, list[int]] = {True: [], False: []}
        for mark in concept.marks:
            if mark.content_hash in held:
                ids[mark.more].append(held[mark.content_hash])
        if not concept.words and not ids[True]:
            raise SpaceMismatch(
                f"concept {name!r} was not made with {self._encoder.space.encoder}, and none of "
                f"{amount(len(concept.marks), 'picture')} that it was made of is in the "
                "collections searched; index them there, or mark pictures anew"
            )
        query = Query(concept.words, more=tuple(ids[True]), less=tuple(ids[False]))
        asked, bent = self.read(query)
        row: Vectors = (bent.vector if bent else asked.vector)[0]
        return row

    def _vector(self, picture_id: int, held: dict[int, tuple[Collection, Vectors]]) -> Vectors:
        if picture_id not in held:
            raise NotFound(f"there is no picture {picture_id}; it may have been removed")
        collection, vector = held[picture_id]
        if collection.space.id != self._encoder.space.id:
            raise SpaceMismatch(
                f"picture {picture_id} is of collection {collection.name!r}, embedded by "
                f"{collection.space.encoder}, and {self._searched[0].name!r} by "
                f"{self._encoder.space.encoder}; search by the picture's file instead"
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
