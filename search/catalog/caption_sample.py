"""A sample of captions to ask for pictures by, with their stored embeddings in several spaces."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from search.catalog.contents import present
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import in_pieces
from search.catalog.database.vectors import from_blobs
from search.records import Collection, Ids, Space, Vectors
from search.text.analysis import describes


@dataclass(frozen=True, slots=True)
class CaptionSample:
    """Captions of pictures, one each: the pictures' ids (n,), and vectors (n, width) by space."""

    picture_ids: Ids
    vectors: tuple[Vectors, ...]


class CaptionSamples:
    """Samples of the captions of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def draw(
        self, collection: Collection, spaces: Sequence[Space], count: int, seed: int = 0
    ) -> CaptionSample:
        """Return up to `count` captions, each of another picture, chosen by the seed.

        Each has words that no other picture's captions have: it is known which picture it asks
        for. Captions without an embedding in one of the spaces, and those of missing pictures, are
        left out.
        """
        owners = self._choose(collection, count, seed)
        e = t.caption_embedding.c
        statement = sa.select(e.caption_id, e.space_id, e.vector)
        statement = statement.where(e.space_id.in_([space.id for space in spaces]))
        with self._database.read_transaction() as sql:
            rows = in_pieces(sql, statement, e.caption_id, list(owners))
        blobs = {(row.caption_id, row.space_id): row.vector for row in rows}
        ids = [each for each in owners if all((each, space.id) in blobs for space in spaces)]
        vectors = (
            from_blobs([blobs[each, space.id] for each in ids], space.width) for space in spaces
        )
        return CaptionSample(np.array([owners[each] for each in ids], np.int64), tuple(vectors))

    def _choose(self, collection: Collection, count: int, seed: int) -> dict[int, int]:
        """Return the pictures' ids by those of their captions."""
        c, p = t.caption.c, t.picture.c
        caption_id, picture_id = sa.func.min(c.id), sa.func.min(c.picture_id)
        statement = (
            sa.select(caption_id.label("id"), picture_id.label("picture_id"), c.text)
            .select_from(t.caption.join(t.picture))
            .where(p.collection_id == collection.id, present())
            .group_by(c.text)
            .having(picture_id == sa.func.max(c.picture_id))
            .order_by(caption_id)
        )
        with self._database.read_transaction() as sql:
            rows = sql.execute(statement).all()
        captions: dict[int, int] = {}
        for place in np.random.default_rng(seed).permutation(len(rows)).tolist():
            row = rows[place]
            if len(captions) < count and row.picture_id not in captions and describes(row.text):
                captions[row.picture_id] = row.id
        return {captions[each]: each for each in sorted(captions)}
