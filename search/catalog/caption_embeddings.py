"""Embeddings of captions as the change log reports them."""

from collections.abc import Sequence
from itertools import groupby

import sqlalchemy as sa

from search.catalog.caption_ids import MAX_CAPTIONS
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, in_pieces


def embedded_captions(
    sql: Sql, space_id: str, picture_ids: Sequence[int]
) -> list[tuple[tuple[int, int], bytes]]:
    """Return the captions of pictures as ((picture's id, place), embedding), each text once.

    Missing pictures have none.
    A place is that in `PictureFacts.captions`; captions past the 64th are left out.
    """
    c, e = t.caption.c, t.caption_embedding.c
    statement = (
        sa.select(c.picture_id, c.text, e.vector)
        .join(t.caption_embedding, (e.caption_id == c.id) & (e.space_id == space_id))
        .where(c.picture_id.not_in(sa.select(t.missing_picture.c.picture_id)))
        .order_by(c.picture_id, c.origin.desc(), c.id)
    )
    embeddings: list[tuple[tuple[int, int], bytes]] = []
    rows = in_pieces(sql, statement, c.picture_id, picture_ids)
    for picture_id, captions in groupby(rows, key=lambda row: int(row.picture_id)):
        vectors: dict[str, bytes] = {}
        for row in captions:
            vectors.setdefault(row.text, row.vector)
        embeddings += [
            ((picture_id, place), vector)
            for place, vector in enumerate(list(vectors.values())[:MAX_CAPTIONS])
        ]
    return embeddings
