"""The database: its transactions, and its parts for connections, commits and errors."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from search.catalog.database.addresses import parse_address, sqlite_path
from search.catalog.database.commits import CommitWatcher
from search.catalog.database.driver_errors import DriverErrors
from search.catalog.database.engines import create_engine, write_engine
from search.catalog.database.sqlite_file import SqliteFile
from search.catalog.database.values import check_values

Statement = Callable[[bool], sa.Select[Any]]
"""A function that makes a statement for SQLite, or else for PostgreSQL."""


class Database:
    """An SQLite file, by path or URL, or a PostgreSQL server; opened at first use."""

    def __init__(self, where: str | Path) -> None:
        self.url = parse_address(where)
        self.file = sqlite_path(self.url)
        self._sqlite = None if self.file is None else SqliteFile(self.file)
        self._engine = create_engine(self.url, self._sqlite, self.label)
        self._errors = DriverErrors(self._engine, self.label)
        sa.event.listen(
            self._engine, "before_cursor_execute", lambda *event: check_values(event[3])
        )
        self._write_engine = write_engine(self._engine)
        self._commits = CommitWatcher(self._engine, self._sqlite, self._errors)
        self._texts: dict[Statement, tuple[str, dict[str, Any]]] = {}
        self._reports: list[Callable[[str], None]] = []
        self.writer_locks: dict[int, Callable[[], None]] = {}
        """The writer locks of this process by collection id: each raises LockLost if it is lost."""

    @property
    def is_sqlite(self) -> bool:
        """Return whether the database is an SQLite file."""
        return self.file is not None

    @property
    def label(self) -> str:
        """Return the name of the database for messages, without its password."""
        return str(self.file) if self.file else self.url.render_as_string(hide_password=True)

    @property
    def read_only(self) -> bool:
        """Return whether this user may read the database's file and not write to it."""
        return self._sqlite is not None and self._sqlite.read_only

    def check(self, begin: bool = False) -> None:
        """Refuse a file that lost its pictures, before it is opened as a new one.

        With `begin`, a missing file may be created. Raises DatabaseUnavailable.
        """
        if self._sqlite is not None:
            self._sqlite.check(begin)

    def refuse_empty(self) -> None:
        """Refuse a file without tables that once had some; raises DatabaseUnavailable."""
        if self._sqlite is not None:
            self._sqlite.refuse_empty()

    @contextmanager
    def read_transaction(self) -> Iterator[sa.Connection]:
        """Open a transaction that sees one state of the database and writes nothing."""
        with self._commits.one_state(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write_transaction(self) -> Iterator[sa.Connection]:
        """Open a transaction that commits as a whole when the block ends, or not at all."""
        with self._write_engine.begin() as connection:
            yield connection

    def rows(self, statement: Statement, **values: Any) -> list[tuple[Any, ...]]:
        """Return all rows of one statement, by the driver itself, in a transaction of its own.

        For the statements of every search: the SQL is compiled once, and SQLAlchemy, which takes as
        long as the database does, is bypassed.
        """
        if statement not in self._texts:
            dialect = sqlite.dialect(paramstyle="named") if self.is_sqlite else self._engine.dialect
            self._texts[statement] = _as_text(statement(self.is_sqlite), dialect)
        text, constants = self._texts[statement]
        for report in self._reports:
            report(text)
        check_values(values)
        with (
            self._commits.one_state(),
            self._errors.translate(),
            closing(self._engine.raw_connection()) as connection,
        ):
            cursor = connection.cursor()
            cursor.execute(text, constants | values)
            return list(cursor.fetchall())

    def version(self) -> int | None:
        """Return a number that changes with every commit of any process.

        None on PostgreSQL, which has no such number that costs less than a statement.
        """
        return self._commits.version()

    def on_statement(self, report: Callable[[str], None]) -> None:
        """Report every statement from now on, before it is run."""
        self._reports.append(report)
        sa.event.listen(self._engine, "before_cursor_execute", lambda *event: report(str(event[2])))

    def connect(self) -> sa.Connection:
        """Open a connection that the caller closes, outside the transactions of this class."""
        return self._engine.connect()

    def close(self) -> None:
        """Close all connections; the next statement opens one again."""
        self._commits.close()


def _as_text(statement: sa.Select[Any], dialect: sa.Dialect) -> tuple[str, dict[str, Any]]:
    """Return a statement in the driver's syntax, values by name, and its values."""
    compiled_statement = statement.compile(dialect=dialect)
    return str(compiled_statement), {
        name: value for name, value in compiled_statement.params.items() if value is not None
    }
