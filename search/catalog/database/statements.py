"""Parts of SQL statements: long lists of values in pieces, paths as ranges, the time."""

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

# The most values of one IN (...): well under the lowest limit that SQLite is built with (32,766).
IN_LIMIT = 5_000

Sql = sa.Connection


def now() -> str:
    """Return the current time in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def in_pieces(
    sql: Sql, statement: sa.Select[Any], column: sa.Column[Any], values: Sequence[Any]
) -> list[sa.Row[Any]]:
    """Return all rows whose column has one of the values, some values a statement."""
    return [
        row for piece in pieces(values) for row in sql.execute(statement.where(column.in_(piece)))
    ]


def delete_in(
    sql: Sql,
    table: sa.Table,
    column: sa.Column[Any],
    values: Sequence[Any],
    *conditions: sa.ColumnElement[bool],
) -> None:
    """Delete the rows whose column has one of the values, where the conditions hold too."""
    for piece in pieces(values):
        sql.execute(table.delete().where(column.in_(piece), *conditions))


def pieces(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Yield the values in pieces that fit in one IN (...)."""
    return (values[start : start + IN_LIMIT] for start in range(0, len(values), IN_LIMIT))


def below(column: sa.Column[bytes], path: Path) -> sa.ColumnElement[bool]:
    """Return the condition that a path is `path` or below it, as a range for an index."""
    start = os.fsencode(path).rstrip(os.sep.encode()) + os.sep.encode()
    end = start[:-1] + bytes([start[-1] + 1])
    return (column == os.fsencode(path)) | ((column >= start) & (column < end))
