"""Statements by content: the pictures with a content, and moving user data to edited contents."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, in_pieces

# Tables of user data that name a picture by its content, with the rest of their key.
BY_CONTENT = (
    (t.board_picture, t.board_picture.c.board_id),
    (t.mark, t.mark.c.query_hash),
    (t.concept_mark, t.concept_mark.c.concept_id),
    (t.saved_search_picture, t.saved_search_picture.c.saved_search_id),
)


def present() -> sa.ColumnElement[bool]:
    """Return the condition on `picture` that the last run found its file."""
    return t.picture.c.id.not_in(sa.select(t.missing_picture.c.picture_id))


def ids_by_content(sql: Sql, hashes: Sequence[bytes]) -> dict[bytes, list[int]]:
    """Return the ids of the pictures with each content, present ones first, then by id."""
    p, m = t.picture.c, t.missing_picture
    statement = sa.select(p.content_hash, p.id, m.c.since).select_from(
        t.picture.outerjoin(m, m.c.picture_id == p.id)
    )
    rows = in_pieces(sql, statement, p.content_hash, list(dict.fromkeys(hashes)))
    ids: dict[bytes, list[int]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.since is not None, row.id)):
        ids[bytes(row.content_hash)].append(row.id)
    return ids


def follow_edits(sql: Sql, edits: Mapping[bytes, bytes]) -> None:
    """Move user data of edited pictures from their old contents to the new ones.

    Data stays with a content that another picture still has. Where the new content has a
    row of its own under the same key, that row stays.
    """
    holders = ids_by_content(sql, list(edits))
    for old, new in edits.items():
        if old in holders:
            continue
        for table, key in BY_CONTENT:
            existing_keys = sa.select(key).where(table.c.content_hash == new)
            sql.execute(
                table.update()
                .where(table.c.content_hash == old, key.not_in(existing_keys.scalar_subquery()))
                .values(content_hash=new)
            )
