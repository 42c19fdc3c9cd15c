"""Values that are read once, until any process commits."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from search.catalog.database import Database

T = TypeVar("T")


class ReadOnce(Generic[T]):
    """The value that was read last, for its key. Safe for many threads.

    Where the database has no version, as on PostgreSQL, every value is read.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last: tuple[int, Hashable, T] | None = None

    def value(self, read: Callable[[], T], key: Hashable = None) -> T:
        """Return what `read` returns, or returned for this key since the last commit."""
        version = self._database.version()  # first: later commits are read by the next call
        last = self._last
        if last is not None and last[:2] == (version, key):
            return last[2]
        value = read()
        if version is not None:
            self._last = version, key, value
        return value
