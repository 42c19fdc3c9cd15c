"""The pictures and captions of a collection that lack an embedding, or a reading, as statements."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from search.catalog.contents import present
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql


def count_lacking(sql: Sql, collection_id: int, space_id: str) -> tuple[int, int]:
    """Return how many pictures and captions of a collection have no embedding in a space."""
    count = sa.func.count()
    pictures = sql.scalar(lacking_pictures(collection_id, space_id, count))
    captions = sql.scalar(lacking_captions(collection_id, space_id, count))
    return pictures or 0, captions or 0


def lacking_pictures(
    collection_id: int, space_id: str, *columns: sa.ColumnElement[Any]
) -> sa.Select[Any]:
    """Return the statement that selects columns of the pictures without an embedding.

    Pictures whose files are missing are left out: they can't be read.
    """
    p, e = t.picture.c, t.picture_embedding.c
    own = (e.picture_id == p.id) & (e.space_id == space_id)
    return (
        sa.select(*columns)
        .select_from(t.picture.outerjoin(t.picture_embedding, own))
        .where(p.collection_id == collection_id, e.picture_id.is_(None), present())
    )


def lacking_captions(
    collection_id: int, space_id: str, *columns: sa.ColumnElement[Any]
) -> sa.Select[Any]:
    """Return the statement that selects columns of the captions without an embedding."""
    p, c, e = t.picture.c, t.caption.c, t.caption_embedding.c
    own = (e.caption_id == c.id) & (e.space_id == space_id)
    return (
        sa.select(*columns)
        .select_from(t.caption.join(t.picture).outerjoin(t.caption_embedding, own))
        .where(p.collection_id == collection_id, e.caption_id.is_(None))
    )


def is_of_content() -> sa.ColumnElement[bool]:
    """Return the condition that a reading is of the content that its picture has now."""
    p, r = t.picture.c, t.text_reading.c
    return (r.picture_id == p.id) & (r.content_hash == p.content_hash)


def unread_pictures(
    collection_id: int,
    reader: str,
    states: Sequence[str],
    *columns: sa.ColumnElement[Any],
) -> sa.Select[Any]:
    """Select columns of the pictures whose text is to be read: those with one of the states too."""
    p, r = t.picture.c, t.text_reading.c
    return (
        sa.select(*columns)
        .select_from(t.picture.outerjoin(t.text_reading, is_of_content()))
        .where(
            p.collection_id == collection_id,
            sa.or_(r.picture_id.is_(None), r.reader != reader, r.state.in_(states)),
            present(),
        )
    )
