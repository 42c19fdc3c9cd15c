"""Embeddings that pictures and captions lack in a space: found, counted, inserted, freed."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from search.catalog.change_log import ChangeLog, log_changes
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, in_pieces
from search.catalog.database.vectors import to_blobs
from search.catalog.database.writer_lock import check_lock
from search.catalog.lacking import count_lacking, lacking_captions, lacking_pictures
from search.errors import SpaceMismatch
from search.records import Collection, Space, Vectors

# Rows of one statement, and of one transaction of a deletion.
PIECE = 5_000


@dataclass(frozen=True, slots=True)
class PictureToEmbed:
    """A stored picture without an embedding: where its file is, and what it had in it."""

    id: int
    path: Path
    size_bytes: int
    mtime_ns: int
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class CaptionToEmbed:
    """A stored caption without an embedding."""

    id: int
    text: str


class EmbeddingRows:
    """The embeddings of one database, by space."""

    def __init__(self, database: Database, changes: ChangeLog) -> None:
        self._database = database
        self._changes = changes

    def count_lacking(self, collection: Collection, space: Space) -> tuple[int, int]:
        """Return how many pictures and captions have no embedding in a space.

        Pictures whose files are missing do not count: they can't be read.
        """
        with self._database.read_transaction() as sql:
            return count_lacking(sql, collection.id, space.id)

    def pictures_lacking(
        self, collection: Collection, space: Space, after: int = 0
    ) -> Iterator[PictureToEmbed]:
        """Yield the pictures past the id `after` without an embedding in a space, by id.

        Rows are read some at a time, so that pictures added meanwhile are among them.
        """
        p = t.picture.c
        columns = (p.id, p.path, p.size_bytes, p.mtime_ns, p.content_hash)
        statement = lacking_pictures(collection.id, space.id, *columns)
        for row in self._rows(statement, p.id, after):
            path = Path(os.fsdecode(row.path))
            content_hash = bytes(row.content_hash)
            yield PictureToEmbed(row.id, path, row.size_bytes, row.mtime_ns, content_hash)

    def captions_lacking(self, collection: Collection, space: Space) -> Iterator[CaptionToEmbed]:
        """Yield the captions without an embedding in a space, by id."""
        c = t.caption.c
        statement = lacking_captions(collection.id, space.id, c.id, c.text)
        for row in self._rows(statement, c.id, 0):
            yield CaptionToEmbed(row.id, row.text)

    def insert_pictures(
        self, collection: Collection, space: Space, batch: Sequence[tuple[PictureToEmbed, Vectors]]
    ) -> int:
        """Store embeddings (width,) of pictures; return how many were stored.

        A picture that was removed, changed, or embedded by another process since is left out.

        Raises:
            SpaceMismatch: the collection has no use for the space any more.
        """
        p, table = t.picture.c, t.picture_embedding
        vectors = {picture.id: (picture.content_hash, vector) for picture, vector in batch}
        statement = lacking_pictures(collection.id, space.id, p.id, p.content_hash)
        with self._database.write_transaction() as sql:
            is_logged = self._begin(sql, collection, space)
            rows = in_pieces(sql, statement, p.id, list(vectors))
            ids = [row.id for row in rows if vectors[row.id][0] == bytes(row.content_hash)]
            _insert(sql, table, "picture_id", space, [(each, vectors[each][1]) for each in ids])
            if is_logged:
                log_changes(sql, collection.id, ids)
        return len(ids)

    def insert_captions(
        self, collection: Collection, space: Space, batch: Sequence[tuple[CaptionToEmbed, Vectors]]
    ) -> int:
        """Store embeddings (width,) of captions; return and raise as `insert_pictures` does."""
        c, table = t.caption.c, t.caption_embedding
        vectors = {caption.id: vector for caption, vector in batch}
        statement = lacking_captions(collection.id, space.id, c.id, c.picture_id)
        with self._database.write_transaction() as sql:
            is_logged = self._begin(sql, collection, space)
            rows = in_pieces(sql, statement, c.id, list(vectors))
            _insert(sql, table, "caption_id", space, [(row.id, vectors[row.id]) for row in rows])
            if is_logged:
                log_changes(sql, collection.id, list({row.picture_id for row in rows}))
        return len(rows)

    def free(self, collection: Collection, space: Space) -> None:
        """Delete the embeddings of a collection in a space, some in each transaction."""
        mine = sa.select(t.picture.c.id).where(t.picture.c.collection_id == collection.id)
        captions = sa.select(t.caption.c.id).where(t.caption.c.picture_id.in_(mine))
        for table, owner, owners in (
            (t.picture_embedding, t.picture_embedding.c.picture_id, mine),
            (t.caption_embedding, t.caption_embedding.c.caption_id, captions),
        ):
            some = sa.select(owner).where(table.c.space_id == space.id, owner.in_(owners))
            statement = table.delete().where(
                table.c.space_id == space.id, owner.in_(some.limit(PIECE))
            )
            deleted = 1
            while deleted:
                with self._database.write_transaction() as sql:
                    deleted = sql.execute(statement).rowcount

    def _begin(self, sql: Sql, collection: Collection, space: Space) -> bool:
        """Take a turn at writing; return whether the change log records the insertion.

        While a second space is filled for the first time nobody follows it, and its embeddings are
        no changes of the collection's own space. So they leave no trace in the log.
        """
        check_lock(self._database, sql, collection.id)
        c, second = t.collection.c, t.second_space.c
        row = sql.execute(
            sa.select(c.space_id, second.space_id.label("second_id"), second.state)
            .select_from(t.collection.outerjoin(t.second_space, second.collection_id == c.id))
            .where(c.id == collection.id)
        ).one_or_none()
        is_second = row is not None and row.second_id == space.id and row.state != "freed"
        if row is None or not (row.space_id == space.id or is_second):
            raise SpaceMismatch(
                "space-given-up",
                "collection {name!r} was removed, or its change to {encoder} was given up, while "
                "its pictures were embedded",
                name=collection.name,
                encoder=space.encoder,
            )
        if is_second and row.state == "filling":
            return False
        self._changes.take_turn(sql, collection.id)
        return True

    def _rows(
        self, statement: sa.Select[Any], key: sa.Column[Any], after: int
    ) -> Iterator[sa.Row[Any]]:
        """Yield the rows of a statement past a key, by key; the database is free between pieces."""
        statement = statement.order_by(key).limit(PIECE)
        while True:
            with self._database.read_transaction() as sql:
                rows = sql.execute(statement.where(key > after)).all()
            yield from rows
            if len(rows) < PIECE:
                return
            after = rows[-1].id


def _insert(
    sql: Sql, table: sa.Table, owner: str, space: Space, rows: Sequence[tuple[int, Vectors]]
) -> None:
    if rows:
        sql.execute(
            table.insert(),
            [
                {owner: each, "space_id": space.id, "vector": to_blobs(vector[None])[0]}
                for each, vector in rows
            ],
        )
