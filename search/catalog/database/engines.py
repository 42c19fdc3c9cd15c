"""SQLAlchemy engines: the pool of connections, and how a transaction begins."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import NoSuchModuleError

from search.catalog.database.sqlite_file import SQLITE_WAIT_S, SqliteFile
from search.errors import BadSetting, StorageFailed, system_reason
from search.packages.installing import install_extra


def create_engine(url: URL, file: SqliteFile | None, label: str) -> sa.Engine:
    """Return an engine for a server, or for an SQLite file, whose folder is created.

    Raises:
        StorageFailed: the folder can't be created.
        BadSetting: the server's driver is not installed.
    """
    # As many connections as there are concurrent threads, all of them kept open: opening
    # one takes as long as ten searches' statements.
    try:
        if file is None:
            return sa.create_engine(url, pool_pre_ping=True, pool_size=0)
        file.path.parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(url, connect_args={"timeout": SQLITE_WAIT_S}, pool_size=0)
    except OSError as error:
        raise StorageFailed(
            "data-folder-unusable",
            "can't make the folder {folder}: {reason}; choose another with LIMN_DATA_DIR",
            folder=file.path.parent if file else "",
            reason=system_reason(error),
        ) from error
    except (NoSuchModuleError, ImportError) as error:
        raise BadSetting(
            "database-driver-missing",
            "no driver for the database {database!r} ({error}); for PostgreSQL: {install}",
            database=label,
            error=error,
            install=install_extra("postgres"),
        ) from error
    _open_by_file(engine, file)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def write_engine(engine: sa.Engine) -> sa.Engine:
    """Return an engine on the same pool whose transactions may write."""
    # A flag for `_begin_sqlite`: a writing transaction must take SQLite's write lock at its start.
    return engine.execution_options(limn_writing=True)


def _open_by_file(engine: sa.Engine, file: SqliteFile) -> None:
    def open_connection(
        dialect: sa.Dialect, _record: Any, args: Any, options: dict[str, Any]
    ) -> Any:
        return file.open(dialect.loaded_dbapi.connect, *args, **options)

    sa.event.listen(engine, "do_connect", open_connection)


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("limn_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
