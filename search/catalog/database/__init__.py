"""The database: connections, transactions, and the meaning of their errors."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import PoolProxiedConnection

from search.catalog.database.sqlite_file import SQLITE_WAIT_S, SqliteFile, explained, refused
from search.catalog.database.values import check_values
from search.errors import BadQuery, BadSetting, DatabaseUnavailable, LimnError, StorageFailed
from search.packages.installing import install_extra

Statement = Callable[[bool], sa.Select[Any]]
"""A function that makes a statement for SQLite, or else for PostgreSQL."""


class Database:
    """An SQLite file, by path or URL, or a PostgreSQL server; opened at first use."""

    def __init__(self, where: str | Path) -> None:
        self.url = (
            URL.create("sqlite", database=str(where)) if isinstance(where, Path) else _parse(where)
        )
        self.file = _sqlite_file(self.url)
        self._sqlite = None if self.file is None else SqliteFile(self.file)
        self._engine = self._create_engine()
        sa.event.listen(self._engine, "handle_error", self._translate)
        sa.event.listen(
            self._engine, "before_cursor_execute", lambda *event: check_values(event[3])
        )
        # A flag for `_begin`: SQLite must take the write lock when a writing transaction begins.
        self._writer = self._engine.execution_options(limn_writing=True)
        self._written: dict[Statement, tuple[str, dict[str, Any]]] = {}
        self._watcher: PoolProxiedConnection | None = None
        self._watching = Lock()
        self._reopened = 0
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
    def reading(self) -> Iterator[sa.Connection]:
        """Open a transaction that sees one state of the database and writes nothing."""
        with self._unchanged(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a transaction that commits as a whole when the block ends, or not at all."""
        with self._writer.begin() as connection:
            yield connection

    def rows(self, statement: Statement, **values: Any) -> list[tuple[Any, ...]]:
        """Return all rows of one statement, by the driver itself, in a transaction of its own.

        For the statements of every search: the SQL is compiled once, and SQLAlchemy, which takes as
        long as the database does, is bypassed.
        """
        if statement not in self._written:
            named = sqlite.dialect(paramstyle="named") if self.is_sqlite else self._engine.dialect
            self._written[statement] = _as_text(statement(self.is_sqlite), named)
        text, constants = self._written[statement]
        for report in self._reports:
            report(text)
        check_values(values)
        with (
            self._unchanged(),
            self._translating(),
            closing(self._engine.raw_connection()) as connection,
        ):
            cursor = connection.cursor()
            cursor.execute(text, constants | values)
            return list(cursor.fetchall())

    def version(self) -> int | None:
        """Return a number that changes with every commit of any process.

        None on PostgreSQL, which has no such number that costs less than a statement.
        """
        if not self.is_sqlite:
            return None
        self._reopen()
        if self._sqlite is not None and self._sqlite.is_snapshot:
            return -self._reopened  # connections see no commits without reopening
        with self._watching, self._translating():
            if self._watcher is None:  # it ignores its own commits: it makes none
                self._watcher = self._engine.raw_connection()
            cursor = self._watcher.cursor()
            cursor.execute("PRAGMA data_version")
            [version] = cursor.fetchall()[0]
            return int(version)

    def on_statement(self, report: Callable[[str], None]) -> None:
        """Report every statement from now on, before it is run."""
        self._reports.append(report)
        sa.event.listen(self._engine, "before_cursor_execute", lambda *event: report(str(event[2])))

    def connect(self) -> sa.Connection:
        """Open a connection that the caller closes, outside the transactions of this class."""
        return self._engine.connect()

    def close(self) -> None:
        """Close all connections; the next statement opens one again."""
        with self._watching:
            self._let_go()

    def _let_go(self) -> None:
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None
        self._engine.dispose()

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Read one state; open the snapshot again if another process has written to the file."""
        self._reopen()
        yield
        if self._sqlite is not None and self._sqlite.changed():
            raise DatabaseUnavailable(
                "database-changed-while-read",
                "the database {database} was written to while it was read; try again",
                database=self.label,
            )

    def _reopen(self) -> None:
        if self._sqlite is None or not self._sqlite.changed():
            return
        with self._watching:
            if self._sqlite.changed():
                self._sqlite.forget_snapshot()
                self._reopened += 1
                self._let_go()

    def _create_engine(self) -> sa.Engine:
        try:
            # As many connections as there are concurrent threads, all of them kept open: opening
            # one takes as long as ten searches' statements.
            if self.file is None:
                return sa.create_engine(self.url, pool_pre_ping=True, pool_size=0)
            self.file.parent.mkdir(parents=True, exist_ok=True)
            engine = sa.create_engine(
                self.url, connect_args={"timeout": SQLITE_WAIT_S}, pool_size=0
            )
        except OSError as error:
            raise StorageFailed(
                "data-folder-unusable",
                "can't make the folder {folder}: {reason}; choose another with LIMN_DATA_DIR",
                folder=self.file.parent if self.file else "",
                reason=error.strerror,
            ) from error
        except (NoSuchModuleError, ImportError) as error:
            raise BadSetting(
                "database-driver-missing",
                "no driver for the database {database!r} ({error}); for PostgreSQL: {install}",
                database=self.label,
                error=error,
                install=install_extra("postgres"),
            ) from error
        sa.event.listen(engine, "do_connect", self._open_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _open_sqlite(
        self, dialect: sa.Dialect, _record: Any, args: Any, options: dict[str, Any]
    ) -> Any:
        assert self._sqlite is not None
        return self._sqlite.open(dialect.loaded_dbapi.connect, *args, **options)

    @property
    def _driver(self) -> Any:
        """Return the driver's module, which has the base class of its errors."""
        return self._engine.dialect.loaded_dbapi

    def _translate(self, context: ExceptionContext) -> None:
        if context.is_pre_ping:  # SQLAlchemy opens another connection, if it knows the error
            return
        if isinstance(context.original_exception, self._driver.Error):
            raise self._explained(context.original_exception) from context.original_exception

    @contextmanager
    def _translating(self) -> Iterator[None]:
        """Translate the errors of the driver where it is called without SQLAlchemy."""
        try:
            yield
        except self._driver.Error as error:
            raise self._explained(error) from error

    def _explained(self, cause: BaseException) -> LimnError:
        """Return the error for the user that matches a driver's error."""
        text = str(cause).strip() or type(cause).__name__
        if self.is_sqlite:
            return explained(text, self.label)
        return _explained_postgres(cause, text, self.label, self._driver)


def _explained_postgres(cause: BaseException, text: str, label: str, driver: Any) -> LimnError:
    if isinstance(cause, driver.DataError):
        return BadQuery(
            "database-query-refused", "the database can't look for that: {reason}", reason=text
        )
    if type(cause).__name__ == "DiskFull":
        return StorageFailed(
            "database-server-full", "the database server has no room left: {reason}", reason=text
        )
    if isinstance(cause, driver.OperationalError | driver.InterfaceError):
        return DatabaseUnavailable(
            "database-unusable",
            "the database {database} can't be used: {reason}; check that the server runs "
            "and that LIMN_DATABASE_URL is right",
            database=label,
            reason=text,
        )
    return refused(text, label)


def _as_text(statement: sa.Select[Any], dialect: sa.Dialect) -> tuple[str, dict[str, Any]]:
    """Return a statement in the driver's syntax, values by name, and its values."""
    compiled = statement.compile(dialect=dialect)
    return str(compiled), {
        name: value for name, value in compiled.params.items() if value is not None
    }


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        shown = re.sub(r"//[^/]*@", "//***@", url)  # a password must not reach a terminal or a log
        raise BadSetting(
            "database-url-invalid",
            "{url!r} is no database URL; it may be sqlite:////path/to/limn.db "
            "or postgresql://user:password@host/name",
            url=shown,
        ) from error
    if parsed.drivername in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise BadSetting(
            "database-unsupported",
            "{kind!r} databases are not supported; use sqlite or postgresql",
            kind=parsed.get_backend_name(),
        )
    return parsed


def _sqlite_file(url: URL) -> Path | None:
    """Return the file of an SQLite database; None for a server's."""
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise BadSetting(
            "database-in-memory",
            "the database {url!r} would be lost at exit; name a file: sqlite:////path/to/limn.db",
            url=str(url),
        )
    return Path(url.database).absolute()


def _begin_sqlite(connection: sa.Connection) -> None:
    writing = connection.get_execution_options().get("limn_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
