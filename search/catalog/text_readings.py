"""The text in pictures: which are to be read, what was read, and the lines of some."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from search.catalog.change_log import ChangeLog, log_changes
from search.catalog.contents import present
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, delete_in, in_pieces
from search.catalog.database.writer_lock import check_lock
from search.catalog.lacking import is_of_content, unread_pictures
from search.catalog.stored_messages import message_columns, stored_message
from search.catalog.text_records import (
    PictureToRead,
    ReadingCounts,
    ReadingState,
    TextRecord,
    format_lines,
    parse_lines,
)
from search.catalog.text_words import add_words
from search.records import Collection
from search.text.spelling import written_words

# Rows of one statement.
PIECE = 5_000


class TextReadings:
    """The text in the pictures of one database."""

    def __init__(self, database: Database, changes: ChangeLog) -> None:
        self._database = database
        self._changes = changes

    def pictures_to_read(
        self, collection: Collection, reader: str, states: Sequence[ReadingState] = ()
    ) -> Iterator[PictureToRead]:
        """Yield the pictures that this reader has not read, by id.

        Those with one of the `states` count as not read. Pictures added meanwhile are among them;
        those whose files are missing are not.
        """
        p, after = t.picture.c, 0
        statement = unread_pictures(collection.id, reader, states, p.id, p.path, p.content_hash)
        statement = statement.order_by(p.id).limit(PIECE)
        while True:
            with self._database.read_transaction() as sql:
                rows = sql.execute(statement.where(p.id > after)).all()
            for row in rows:
                path = Path(os.fsdecode(row.path))
                yield PictureToRead(row.id, path, bytes(row.content_hash))
            if len(rows) < PIECE:
                return
            after = rows[-1].id

    def count_lacking(
        self, collection: Collection, reader: str, states: Sequence[ReadingState] = ()
    ) -> int:
        """Return how many pictures `pictures_to_read` yields."""
        with self._database.read_transaction() as sql:
            return sql.scalar(unread_pictures(collection.id, reader, states, sa.func.count())) or 0

    def counts(self, collection: Collection, reader: str) -> ReadingCounts:
        """Return how many pictures were read, and how many hold text."""
        p, r = t.picture.c, t.text_reading.c
        mine = p.collection_id == collection.id
        statement = (
            sa.select(r.state, sa.func.count())
            .join_from(t.text_reading, t.picture, is_of_content())
            .where(mine, present())
            .group_by(r.state)
        )
        with_text = (
            sa.select(sa.func.count())
            .join_from(t.picture_text, t.picture, t.picture_text.c.picture_id == p.id)
            .where(mine, present())
        )
        with self._database.read_transaction() as sql:
            by_state: dict[str, int] = {row[0]: row[1] for row in sql.execute(statement)}
            count = sql.scalar(with_text) or 0
            unread_count = (
                sql.scalar(unread_pictures(collection.id, reader, (), sa.func.count())) or 0
            )
        return ReadingCounts(
            with_text=count,
            read_count=by_state.get("read", 0),
            skipped_count=by_state.get("skipped", 0),
            failed_count=by_state.get("failed", 0),
            lacking_count=unread_count,
        )

    def copies(self, pictures: Sequence[PictureToRead], reader: str) -> dict[int, TextRecord]:
        """Return the readings that this reader made of other pictures with the same content."""
        r, p = t.text_reading.c, t.picture.c
        statement = (
            sa.select(p.content_hash, r.state, t.picture_text.c.lines)
            .select_from(t.picture)
            .join(t.text_reading, is_of_content())
            .outerjoin(t.picture_text, t.picture_text.c.picture_id == p.id)
            .where(r.reader == reader, r.state == "read")
        )
        hashes = list({picture.content_hash for picture in pictures})
        with self._database.read_transaction() as sql:
            rows = in_pieces(sql, statement, p.content_hash, hashes)
        by_content = {bytes(row.content_hash): row for row in rows}
        return {
            picture.id: TextRecord(picture, "read", parse_lines(row.lines))
            for picture in pictures
            if (row := by_content.get(picture.content_hash)) is not None
        }

    def store(self, collection: Collection, reader: str, batch: Sequence[TextRecord]) -> int:
        """Store readings in one transaction; return how many were stored.

        That of a picture that was removed or changed since is left out. Pictures whose text
        changes are entered in the change log.
        """
        records = {record.picture.id: record for record in batch}
        p, r, x = t.picture.c, t.text_reading.c, t.picture_text.c.picture_id
        statement = sa.select(p.id, p.content_hash).where(p.collection_id == collection.id)
        with self._database.write_transaction() as sql:
            check_lock(self._database, sql, collection.id)
            rows = in_pieces(sql, statement, p.id, list(records))
            current = {
                row.id: records[row.id]
                for row in rows
                if bytes(row.content_hash) == records[row.id].picture.content_hash
            }
            texts = {key: record for key, record in current.items() if record.lines}
            former = in_pieces(sql, sa.select(x), x, list(current))
            changed_ids = {row.picture_id for row in former} | texts.keys()
            forget_text(sql, list(current))
            delete_in(sql, t.text_reading, r.picture_id, list(current))
            if current:
                sql.execute(
                    t.text_reading.insert(),
                    [_columns(record, reader) for record in current.values()],
                )
            _insert_texts(sql, texts)
            if changed_ids:
                self._changes.take_turn(sql, collection.id)
                log_changes(sql, collection.id, sorted(changed_ids))
        return len(current)

    def failures(self, collection: Collection) -> list[tuple[Path, str]]:
        """Return the pictures that could not be read, by path, with the reasons."""
        p, r = t.picture.c, t.text_reading.c
        statement: sa.Select[Any] = (
            sa.select(p.path, r.detail, r.detail_code, r.detail_values)
            .join_from(t.text_reading, t.picture, is_of_content())
            .where(p.collection_id == collection.id, r.state == "failed", present())
            .order_by(p.path)
        )
        with self._database.read_transaction() as sql:
            rows = sql.execute(statement).all()
        return [(Path(os.fsdecode(row.path)), stored_message(row, "detail") or "") for row in rows]


def forget_text(sql: Sql, picture_ids: Sequence[int]) -> None:
    """Delete the text of pictures, within a transaction that has its turn to write."""
    delete_in(sql, t.picture_text, t.picture_text.c.picture_id, picture_ids)


def _columns(record: TextRecord, reader: str) -> dict[str, Any]:
    return {
        "picture_id": record.picture.id,
        "content_hash": record.picture.content_hash,
        "reader": reader,
        "state": record.state,
        **message_columns("detail", record.detail),
    }


def _insert_texts(sql: Sql, texts: dict[int, TextRecord]) -> None:
    """Insert the lines and the words of pictures with text."""
    rows, words = [], set[str]()
    for picture_id, record in texts.items():
        own_words = written_words(" \n ".join(line.text for line in record.lines))
        words.update(own_words)
        lines = format_lines(record.lines)
        rows.append({"picture_id": picture_id, "lines": lines, "words": " ".join(own_words)})
    if rows:
        sql.execute(t.picture_text.insert(), rows)
        add_words(sql, words)
