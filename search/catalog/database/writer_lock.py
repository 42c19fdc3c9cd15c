"""The locks of a collection, which end with their process, however that ends."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

import sqlalchemy as sa

from search.catalog.database import Database
from search.errors import CollectionBusy, LimnError, LockLost, StorageFailed, system_reason
from search.files.exclusive_lock import exclusive_lock
from search.records import Collection

# Separates these locks from the catalog's transaction locks, whose key is the collection's id.
POSTGRES_SPACE = 0x4C696D6E
POSTGRES_UPGRADE_SPACE = 0x4C696D75
POSTGRES_READING_SPACE = 0x4C696D72


@contextmanager
def writer_lock(database: Database, collection: Collection) -> Iterator[None]:
    """Hold the collection's writer lock during the block.

    Raises:
        CollectionBusy: another process holds it.
    """
    if database.file is not None:
        with _file_lock(database.file, f"collection-{collection.id}", _busy(collection)):
            yield
    else:
        with _postgres_lock(database, collection):
            yield


@contextmanager
def upgrade_lock(database: Database, collection: Collection) -> Iterator[None]:
    """Hold the lock of the collection's second space during the block, beside any indexer.

    Embeddings are inserted where they lack, so two holders would only do the same work twice.

    Raises:
        CollectionBusy: another process holds it.
    """
    busy = CollectionBusy(
        "collection-being-upgraded",
        "another process embeds collection {name!r} by its second encoder; wait for it, or end it: "
        "limn jobs lists it",
        name=collection.name,
    )
    with _lock_beside(database, collection, "upgrade", POSTGRES_UPGRADE_SPACE, busy):
        yield


@contextmanager
def reading_lock(database: Database, collection: Collection) -> Iterator[None]:
    """Hold the lock of reading the text in a collection's pictures during the block.

    Readings are stored where they lack, so two holders would only do the same work twice.

    Raises:
        CollectionBusy: another process holds it.
    """
    busy = CollectionBusy(
        "collection-being-read",
        "another process reads the text in {name!r}; wait for it, or end it: limn jobs lists it",
        name=collection.name,
    )
    with _lock_beside(database, collection, "reading", POSTGRES_READING_SPACE, busy):
        yield


@contextmanager
def _lock_beside(
    database: Database, collection: Collection, kind: str, space: int, busy: CollectionBusy
) -> Iterator[None]:
    """Hold a lock of a collection that excludes no writer during the block."""
    if database.file is not None:
        with _file_lock(database.file, f"collection-{collection.id}-{kind}", busy):
            yield
        return
    with database.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        key = (space << 32) | collection.id
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))):
            raise busy
        try:
            yield
        finally:
            with suppress(LimnError):  # a session that has ended has no lock
                connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))


def _busy(collection: Collection) -> CollectionBusy:
    return CollectionBusy(
        "collection-busy",
        "collection {name!r} is being indexed by another process; "
        "wait for it, or end it, and run the command again",
        name=collection.name,
    )


@contextmanager
def _file_lock(database_file: Path, name: str, busy: CollectionBusy) -> Iterator[None]:
    file = database_file.with_name(f"{database_file.name}.{name}.lock")

    def unwritable(error: OSError) -> StorageFailed:
        return StorageFailed(
            "lock-file-unwritable",
            "can't make the lock file {file}: {reason}",
            file=file,
            reason=system_reason(error),
        )

    with exclusive_lock(file, busy=lambda: busy, unwritable=unwritable):
        yield


@contextmanager
def _postgres_lock(database: Database, collection: Collection) -> Iterator[None]:
    # The session's lock: the server releases it when the connection ends.
    with database.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        key = (POSTGRES_SPACE << 32) | collection.id
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))):
            raise _busy(collection)
        # A writer that lost this lock may still be in the transaction in which it checked.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(collection.id)))
        lock = _SessionLock(connection, collection)
        database.writer_locks[collection.id] = lock.check
        try:
            yield
        finally:
            del database.writer_locks[collection.id]
            if not lock.is_lost:
                with suppress(LimnError):  # a session that has ended has no lock
                    connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))


class _SessionLock:
    """A lock that lasts as long as its database session."""

    def __init__(self, connection: sa.Connection, collection: Collection) -> None:
        self.is_lost = False
        self._connection = connection
        self._collection = collection
        self._turn = Lock()
        self._session = self._read_session()

    def check(self) -> None:
        """Raise LockLost if the session has ended; SQLAlchemy may have opened another since."""
        with self._turn:
            try:
                self.is_lost = self.is_lost or self._read_session() != self._session
            except LimnError:
                self.is_lost = True
            if self.is_lost:
                raise LockLost(
                    "lock-lost",
                    "the connection that held the lock on collection {name!r} "
                    "was cut, and another process may write to it now; check that the server runs, "
                    "and run the command again: what was committed is kept",
                    name=self._collection.name,
                )

    def _read_session(self) -> int:
        return int(self._connection.execute(sa.select(sa.func.pg_backend_pid())).scalar_one())


def check_lock(database: Database, sql: sa.Connection, collection_id: int) -> None:
    """Serialize with other writers of a collection, and check this process's writer lock, if any.

    The first call in a transaction. It keeps log order equal to commit order, and makes
    the next owner of the lock wait until this transaction has ended. SQLite has one writer anyway,
    and the lock is a file's, which ends with the process alone.

    Raises:
        LockLost: this process took the lock, and the server has released it since.
    """
    if database.is_sqlite:
        return
    sql.execute(sa.select(sa.func.pg_advisory_xact_lock(collection_id)))
    if check := database.writer_locks.get(collection_id):
        check()
