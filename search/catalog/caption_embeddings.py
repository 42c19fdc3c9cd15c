"""Statements over captions: those with embeddings, as the caption index follows them."""

from collections.abc import Sequence
from itertools import groupby

import sqlalchemy as sa

from search.catalog import tables as t
from search.catalog.caption_ids import MOST_CAPTIONS
from search.catalog.statements import Sql, in_pieces


def embedded_captions(
    sql: Sql, space_id: str, picture_ids: Sequence[int]
) -> list[tuple[tuple[int, int], bytes]]:
    """The captions of pictures: ((picture's id, place), embedding), repeated texts left out.

    Missing pictures have none.
    A place counts as `PictureFacts.captions` does; what is past 64 captions is left out.
    """
    c, e = t.caption.c, t.caption_embedding.c
    statement = (
        sa.select(c.picture_id, c.text, e.vector)
        .join(t.caption_embedding, (e.caption_id == c.id) & (e.space_id == space_id))
        .where(c.picture_id.not_in(sa.select(t.missing_picture.c.picture_id)))
        .order_by(c.picture_id, c.origin.desc(), c.id)
    )
    found: list[tuple[tuple[int, int], bytes]] = []
    rows = in_pieces(sql, statement, c.picture_id, picture_ids)
    for picture_id, told in groupby(rows, key=lambda row: int(row.picture_id)):
        vectors: dict[str, bytes] = {}
        for row in told:
            vectors.setdefault(row.text, row.vector)
        found += [
            ((picture_id, place), vector)
            for place, vector in enumerate(list(vectors.values())[:MOST_CAPTIONS])
        ]
    return found
