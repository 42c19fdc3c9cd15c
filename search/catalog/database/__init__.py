"""Opening the database: one place for connections, transactions and what their errors mean."""

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

from search.catalog.database.sqlite_file import SQLITE_WAIT_S, SqliteFile, explained
from search.catalog.database.values import check_values
from search.errors import BadQuery, BadSetting, DatabaseUnavailable, LimnError, StorageFailed
from search.installing import install_extra

Statement = Callable[[bool], sa.Select[Any]]
"""Makes a statement, for SQLite or else for PostgreSQL."""


class Database:
    """An SQLite file, by its path or a URL, or a PostgreSQL server; opened when first used."""

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
        """The writer locks held here by collection id: each raises LockLost where it is lost."""

    @property
    def is_sqlite(self) -> bool:
        return self.file is not None

    @property
    def label(self) -> str:
        """The database as messages name it, without its password."""
        return str(self.file) if self.file else self.url.render_as_string(hide_password=True)

    @property
    def read_only(self) -> bool:
        """Whether this user may read the database's file and not write to it."""
        return self._sqlite is not None and self._sqlite.read_only

    def check(self, begin: bool = False) -> None:
        """Refuse a file that lost its pictures before anything is made of it.

        With `begin`, one that is not there may be made. Raises DatabaseUnavailable.
        """
        if self._sqlite is not None:
            self._sqlite.check(begin)

    def refuse_empty(self) -> None:
        """Refuse a file that has no tables and once had some; raises DatabaseUnavailable."""
        if self._sqlite is not None:
            self._sqlite.refuse_empty()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the database and writes nothing."""
        with self._unchanged(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that commits as a whole when the block ends, or not at all."""
        with self._writer.begin() as connection:
            yield connection

    def rows(self, statement: Statement, **values: Any) -> list[tuple[Any, ...]]:
        """All rows of one statement, by the driver itself and in a transaction of its own.

        For what every search asks: its SQL is written out once, and SQLAlchemy, which takes as long
        to run it as the database does, stays out of the way.
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
        """A number that is another one after any commit, by whichever process.

        None where there is no such number that costs less than a statement: on PostgreSQL.
        """
        if not self.is_sqlite:
            return None
        self._reopen()
        if self._sqlite is not None and self._sqlite.is_snapshot:
            return -self._reopened  # nothing is committed that its connections would see
        with self._watching, self._translating():
            if self._watcher is None:  # of its own commits it would not tell: it makes none
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
        """A connection for the caller to keep, outside any transaction of ours."""
        return self._engine.connect()

    def close(self) -> None:
        with self._watching:
            self._let_go()

    def _let_go(self) -> None:
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None
        self._engine.dispose()

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Read what stays as it is: a snapshot is opened anew where somebody wrote to the file."""
        self._reopen()
        yield
        if self._sqlite is not None and self._sqlite.changed():
            raise DatabaseUnavailable(
                f"the database {self.label} was written to while it was read; try again"
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
            # As many connections as there are threads that ask at once, all of them kept: opening
            # one takes as long as ten searches' statements.
            if self.file is None:
                return sa.create_engine(self.url, pool_pre_ping=True, pool_size=0)
            self.file.parent.mkdir(parents=True, exist_ok=True)
            engine = sa.create_engine(
                self.url, connect_args={"timeout": SQLITE_WAIT_S}, pool_size=0
            )
        except OSError as error:
            raise StorageFailed(
                f"can't make the folder {self.file.parent if self.file else ''}: {error.strerror}; "
                "choose another with LIMN_DATA_DIR"
            ) from error
        except (NoSuchModuleError, ImportError) as error:
            raise BadSetting(
                f"no driver for the database {self.label!r} ({error}); "
                f"for PostgreSQL: {install_extra('postgres')}"
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
        """The driver's module: all of its errors have a base there."""
        return self._engine.dialect.loaded_dbapi

    def _translate(self, context: ExceptionContext) -> None:
        if context.is_pre_ping:  # SQLAlchemy opens another connection, if it knows the error
            return
        if isinstance(context.original_exception, self._driver.Error):
            raise self._explained(context.original_exception) from context.original_exception

    @contextmanager
    def _translating(self) -> Iterator[None]:
        """For what the driver does without SQLAlchemy."""
        try:
            yield
        except self._driver.Error as error:
            raise self._explained(error) from error

    def _explained(self, cause: BaseException) -> LimnError:
        """What a driver's error means to the user."""
        text = str(cause).strip() or type(cause).__name__
        if self.is_sqlite:
            return explained(text, self.label)
        return _explained_postgres(cause, text, self.label, self._driver)


def _explained_postgres(cause: BaseException, text: str, label: str, driver: Any) -> LimnError:
    if isinstance(cause, driver.DataError):
        return BadQuery(f"the database can't look for that: {text}")
    if type(cause).__name__ == "DiskFull":
        return StorageFailed(f"the database server has no room left: {text}")
    if isinstance(cause, driver.OperationalError | driver.InterfaceError):
        return DatabaseUnavailable(
            f"the database {label} can't be used: {text}; check that the server runs "
            "and that LIMN_DATABASE_URL is right"
        )
    return DatabaseUnavailable(f"the database {label} refused a statement: {text}")


def _as_text(statement: sa.Select[Any], dialect: sa.Dialect) -> tuple[str, dict[str, Any]]:
    """Return a statement as the driver takes it, values by name, and the values in it."""
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
            f"{shown!r} is no database URL; it may be sqlite:////path/to/limn.db "
            "or postgresql://user:password@host/name"
        ) from error
    if parsed.drivername in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise BadSetting(
            f"{parsed.get_backend_name()!r} databases are not supported; use sqlite or postgresql"
        )
    return parsed


def _sqlite_file(url: URL) -> Path | None:
    """Return the file of an SQLite database; None for a server's."""
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise BadSetting(
            f"the database {str(url)!r} would be lost at exit; name a file: "
            "sqlite:////path/to/limn.db"
        )
    return Path(url.database).absolute()


def _begin_sqlite(connection: sa.Connection) -> None:
    writing = connection.get_execution_options().get("limn_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
