"""Errors of the database drivers, translated into errors for the user."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ExceptionContext

from search.catalog.database.sqlite_file import SQLITE_WAIT_S, UNTOUCHED
from search.errors import BadQuery, DatabaseUnavailable, LimnError, Message, StorageFailed


class DriverErrors:
    """The translation of one engine's errors; `label` names the database in messages."""

    def __init__(self, engine: sa.Engine, label: str) -> None:
        self._dialect = engine.dialect
        self._label = label
        sa.event.listen(engine, "handle_error", self._translate_event)

    @contextmanager
    def translate(self) -> Iterator[None]:
        """Translate the errors of the driver where it is called without SQLAlchemy."""
        try:
            yield
        except self._driver.Error as error:
            raise self._explain(error) from error

    @property
    def _driver(self) -> Any:
        """Return the driver's module, which has the base class of its errors."""
        return self._dialect.loaded_dbapi

    def _translate_event(self, context: ExceptionContext) -> None:
        if context.is_pre_ping:  # SQLAlchemy opens another connection, if it knows the error
            return
        if isinstance(context.original_exception, self._driver.Error):
            raise self._explain(context.original_exception) from context.original_exception

    def _explain(self, cause: BaseException) -> LimnError:
        """Return the error for the user that matches a driver's error."""
        text = str(cause).strip() or type(cause).__name__
        if self._dialect.name == "sqlite":
            return _explain_sqlite(text, self._label)
        return _explain_postgres(cause, text, self._label, self._driver)


def _explain_postgres(cause: BaseException, text: str, label: str, driver: Any) -> LimnError:
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
    return _refusal(text, label)


def _explain_sqlite(text: str, label: str) -> LimnError:
    """Return the error for a user of the database `label` that matches an SQLite error."""
    if any(part in text for part in ("malformed", "not a database", "no such", "already exists")):
        return DatabaseUnavailable(
            "database-damaged",
            "the database {database} is damaged ({reason}); restore it from a backup, or move it "
            "away and index again: {note}",
            database=label,
            reason=text,
            note=UNTOUCHED,
            outside=Message("database-fails-damaged", "the database is damaged"),
        )
    if "full" in text or "I/O error" in text:
        return StorageFailed(
            "database-write-failed",
            "can't write to {database} ({reason}): make room on the disk and run the command "
            "again; what was committed before is kept",
            database=label,
            reason=text,
        )
    if "readonly" in text:
        return StorageFailed(
            "database-read-only",
            "can't write to {database}: it is read-only for this user, who can only search it; run "
            "the command as its owner, or choose another folder with LIMN_DATA_DIR",
            database=label,
        )
    if "locked" in text:
        return DatabaseUnavailable(
            "database-locked",
            "the database {database} was locked by another program for {wait_s} s; "
            "end that program, or try again",
            database=label,
            wait_s=SQLITE_WAIT_S,
        )
    if "unable to open" in text:
        return DatabaseUnavailable(
            "database-unreadable",
            "can't open the database {database} ({reason}); check that it is a file that this user "
            "may read, and write to where something is to be changed",
            database=label,
            reason=text,
        )
    return _refusal(text, label)


def _refusal(text: str, label: str) -> DatabaseUnavailable:
    """Return the error for a statement that the database `label` refused."""
    return DatabaseUnavailable(
        "database-refused",
        "the database {database} refused a statement: {reason}",
        database=label,
        reason=text,
    )
