"""Commits by any process: detect them in an SQLite file, and read one state of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import sqlalchemy as sa
from sqlalchemy.pool import PoolProxiedConnection

from search.catalog.database.driver_errors import DriverErrors
from search.catalog.database.sqlite_file import SqliteFile
from search.errors import DatabaseUnavailable


class CommitWatcher:
    """The commits to one database. Safe to call from many threads.

    `file` is None for a server, whose commits can't be detected.
    """

    def __init__(self, engine: sa.Engine, file: SqliteFile | None, errors: DriverErrors) -> None:
        self._engine = engine
        self._file = file
        self._errors = errors
        self._connection: PoolProxiedConnection | None = None
        self._lock = Lock()
        self._reopenings = 0

    def version(self) -> int | None:
        """Return a number that changes with every commit of any process.

        None on PostgreSQL, which has no such number that costs less than a statement.
        """
        if self._file is None:
            return None
        self._reopen(self._file)
        if self._file.is_snapshot:
            return -self._reopenings  # connections see no commits without reopening
        with self._lock, self._errors.translate():
            if self._connection is None:  # it ignores its own commits: it makes none
                self._connection = self._engine.raw_connection()
            cursor = self._connection.cursor()
            cursor.execute("PRAGMA data_version")
            [version] = cursor.fetchall()[0]
            return int(version)

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """Read one state; open the snapshot again if another process has written to the file.

        Raises:
            DatabaseUnavailable: the file was written to during the block.
        """
        if self._file is None:
            yield
            return
        self._reopen(self._file)
        yield
        if self._file.has_changed():
            raise DatabaseUnavailable(
                "database-changed-while-read",
                "the database {database} was written to while it was read; try again",
                database=str(self._file.path),
            )

    def close(self) -> None:
        """Close all connections; the next statement opens one again."""
        with self._lock:
            self._close_connections()

    def _close_connections(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()

    def _reopen(self, file: SqliteFile) -> None:
        if not file.has_changed():
            return
        with self._lock:
            if file.has_changed():
                file.forget_snapshot()
                self._reopenings += 1
                self._close_connections()
