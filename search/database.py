"""Opening the database: one place for connections, transactions and what their errors mean."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)

from search.errors import BadSetting, DatabaseUnavailable, LimnError, StorageFailed

# How long a writer waits for another: a batch takes well under a second, a busy disk longer.
SQLITE_WAIT_S = 60


class Database:
    """An SQLite file, by its path or a URL, or a PostgreSQL server; opened when first used."""

    def __init__(self, where: str | Path) -> None:
        self.url = (
            URL.create("sqlite", database=str(where)) if isinstance(where, Path) else _parse(where)
        )
        self.file = self._sqlite_file()
        self._engine = self._create_engine()
        sa.event.listen(self._engine, "handle_error", self._translate)
        # A flag for `_begin`: SQLite must take the write lock when a writing transaction begins.
        self._writer = self._engine.execution_options(limn_writing=True)

    @property
    def is_sqlite(self) -> bool:
        return self.file is not None

    @property
    def label(self) -> str:
        """The database as messages name it, without its password."""
        return str(self.file) if self.file else self.url.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the database and writes nothing."""
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that commits as a whole when the block ends, or not at all."""
        with self._writer.begin() as connection:
            yield connection

    def connect(self) -> sa.Connection:
        """A connection for the caller to keep, outside any transaction of ours."""
        return self._engine.connect()

    def close(self) -> None:
        self._engine.dispose()

    def _sqlite_file(self) -> Path | None:
        if self.url.get_backend_name() != "sqlite":
            return None
        if not self.url.database or self.url.database == ":memory:":
            raise BadSetting(
                f"the database {str(self.url)!r} would be lost at exit; name a file: "
                "sqlite:////path/to/limn.db"
            )
        return Path(self.url.database).absolute()

    def _create_engine(self) -> sa.Engine:
        try:
            if self.file is None:
                return sa.create_engine(self.url, pool_pre_ping=True)
            self.file.parent.mkdir(parents=True, exist_ok=True)
            engine = sa.create_engine(self.url, connect_args={"timeout": SQLITE_WAIT_S})
        except OSError as error:
            raise StorageFailed(
                f"can't make the folder {self.file.parent if self.file else ''}: {error.strerror}; "
                "choose another with LIMN_DATA_DIR"
            ) from error
        except (NoSuchModuleError, ImportError) as error:
            raise BadSetting(
                f"no driver for the database {self.label!r} ({error}); "
                'for PostgreSQL: pip install "limn[postgres]"'
            ) from error
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _translate(self, context: ExceptionContext) -> None:
        """Say what a driver's error means to the user."""
        cause = context.original_exception
        text = str(cause).strip() or type(cause).__name__
        if isinstance(cause, sqlite3.Error):
            raise _explain_sqlite(text, self.label) from cause
        if type(cause).__name__ == "DiskFull":
            raise StorageFailed(f"the database server has no room left: {text}") from cause
        if isinstance(context.sqlalchemy_exception, OperationalError | InterfaceError):
            raise DatabaseUnavailable(
                f"the database {self.label} can't be used: {text}; check that the server runs "
                "and that LIMN_DATABASE_URL is right"
            ) from cause
        if isinstance(context.sqlalchemy_exception, DBAPIError):
            raise DatabaseUnavailable(
                f"the database {self.label} refused a statement: {text}"
            ) from cause


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


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite`, not by sqlite3
    # WAL: readers never wait for the writer. NORMAL: a commit outlives the process, whatever kills
    # it; a power cut may take back the last ones but never damages the file.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    writing = connection.get_execution_options().get("limn_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _explain_sqlite(text: str, label: str) -> LimnError:
    if any(each in text for each in ("malformed", "not a database", "no such", "already exists")):
        return DatabaseUnavailable(
            f"the database {label} is damaged ({text}); restore it from a backup, or move it "
            "away and index again: the pictures themselves are untouched"
        )
    if "full" in text or "I/O error" in text:
        return StorageFailed(
            f"can't write to {label} ({text}): make room on the disk and run the command again; "
            "what was committed before is kept"
        )
    if "readonly" in text:
        return StorageFailed(f"can't write to {label}: it is read-only for this user")
    if "locked" in text:
        return DatabaseUnavailable(
            f"the database {label} was locked by another program for {SQLITE_WAIT_S} s; "
            "end that program, or try again"
        )
    if "unable to open" in text:
        return DatabaseUnavailable(
            f"can't open the database {label} ({text}); check that it is a file that this user "
            "may read and write"
        )
    return DatabaseUnavailable(f"the database {label} refused a statement: {text}")
