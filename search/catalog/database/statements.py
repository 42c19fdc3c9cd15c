"""What SQL statements share: long lists of values in pieces, paths as ranges, the time."""

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

# How many values one IN (...) may name: well under the least that SQLite is built with (32,766).
IN_LIMIT = 5_000

Sql = sa.Connection


def now() -> str:
    """This moment in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def in_pieces(
    sql: Sql, statement: sa.Select[Any], column: sa.Column[Any], values: Sequence[Any]
) -> list[sa.Row[Any]]:
    """All rows whose column has one of the values, asked for some at a time."""
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
    """The values, as many at a time as one IN (...) may name."""
    return (values[start : start + IN_LIMIT] for start in range(0, len(values), IN_LIMIT))


def below(column: sa.Column[bytes], path: Path) -> sa.ColumnElement[bool]:
    """Whether a path column is `path` or lies below it, as a range that an index can answer."""
    start = os.fsencode(path).rstrip(os.sep.encode()) + os.sep.encode()
    end = start[:-1] + bytes([start[-1] + 1])
    return (column == os.fsencode(path)) | ((column >= start) & (column < end))
