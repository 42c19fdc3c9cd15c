"""One writer a collection: a lock that dies with its process, whatever kills it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock, Timeout

from search.database import Database
from search.errors import CollectionBusy, StorageFailed
from search.records import Collection

# Sets these locks apart from the catalog's transaction locks, which take the collection's id alone.
POSTGRES_SPACE = 0x4C696D6E


@contextmanager
def writer_lock(database: Database, collection: Collection) -> Iterator[None]:
    """Hold the collection's writer lock during the block.

    Raises:
        CollectionBusy: another process holds it.
    """
    busy = CollectionBusy(
        f"collection {collection.name!r} is being indexed by another process; "
        "wait for it, or end it, and run the command again"
    )
    if database.file is not None:
        with _file_lock(database.file, collection, busy):
            yield
    else:
        with _postgres_lock(database, collection, busy):
            yield


@contextmanager
def _file_lock(file: Path, collection: Collection, busy: CollectionBusy) -> Iterator[None]:
    lock = FileLock(file.with_name(f"{file.name}.collection-{collection.id}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise busy from error
    except OSError as error:
        raise StorageFailed(
            f"can't make the lock file {lock.lock_file}: {error.strerror}"
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _postgres_lock(
    database: Database, collection: Collection, busy: CollectionBusy
) -> Iterator[None]:
    # The session's lock: the server lets go of it when the connection ends.
    with database.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        key = (POSTGRES_SPACE << 32) | collection.id
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))):
            raise busy
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))
