"""Failures: files that could not be indexed, each with its last reason."""

import os
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from search.catalog.change_log import ChangeLog
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, below, delete_in, now
from search.catalog.picture_rows import address
from search.catalog.records import Failure, path_hash
from search.catalog.stored_messages import message_columns, stored_message
from search.records import Collection


class FailureRows:
    """The failures of all collections."""

    def __init__(self, database: Database, changes: ChangeLog) -> None:
        self._database = database
        self._changes = changes

    def record(self, collection: Collection, batch: Sequence[Failure]) -> None:
        """Record files that could not be indexed, in place of earlier records of them."""
        rows = [
            {
                **address(collection, failure.path),
                "reason": failure.reason,
                **message_columns("detail", failure.detail),
                "size_bytes": failure.size_bytes,
                "mtime_ns": failure.mtime_ns,
                "seen_at": now(),
            }
            for failure in batch
        ]
        with self._database.write_transaction() as sql:
            self._changes.take_turn(sql, collection.id)
            forget_failures(sql, collection, [failure.path for failure in batch])
            sql.execute(t.failure.insert(), rows)

    def of(self, collection_id: int, under: Path | None = None) -> list[Failure]:
        """Return a collection's failures by path: all, or those at or below a path."""
        f = t.failure.c
        statement = sa.select(t.failure).where(f.collection_id == collection_id)
        if under is not None:
            statement = statement.where(below(f.path, under))
        with self._database.read_transaction() as sql:
            return [
                Failure(
                    Path(os.fsdecode(row.path)),
                    row.reason,
                    stored_message(row, "detail") or "",
                    row.size_bytes,
                    row.mtime_ns,
                )
                for row in sql.execute(statement.order_by(f.path))
            ]

    def forget(self, collection: Collection, paths: Sequence[Path]) -> None:
        """Drop failures of files that no longer exist or can be read again."""
        with self._database.write_transaction() as sql:
            self._changes.take_turn(sql, collection.id)
            forget_failures(sql, collection, paths)


def forget_failures(sql: Sql, collection: Collection, paths: Sequence[Path]) -> None:
    """Drop the failures of files within a transaction that has its turn to write."""
    f = t.failure.c
    hashes = [path_hash(path) for path in paths]
    delete_in(sql, t.failure, f.path_hash, hashes, f.collection_id == collection.id)
