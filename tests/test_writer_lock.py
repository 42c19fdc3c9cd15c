"""The writer lock: a run that lost it writes no row, and a run that takes it waits for none."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

from search.catalog.catalog import Catalog
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.writer_lock import POSTGRES_SPACE, writer_lock
from search.catalog.records import EmbeddedCaptions, EmbeddedPicture, Failure, FileStamp, FileState
from search.encoders.tiny import TinyEncoder
from search.errors import CollectionBusy, LockLost
from search.records import Collection, PictureFacts
from tests.commands import limn_command
from tests.conftest import Limn
from tests.raw_sql import database_of

pytestmark = pytest.mark.postgres

PICTURES = 2_500


@pytest.fixture
def collection(catalog: Catalog) -> Collection:
    if database_of(catalog).is_sqlite:
        pytest.skip("SQLite's lock is a file's, which ends with its process alone")
    return catalog.collections.open("p", TinyEncoder().space)


def test_no_row_is_written_once_the_lock_is_lost(catalog: Catalog, collection: Collection) -> None:
    other = Database(str(database_of(catalog).url.render_as_string(hide_password=False)))
    ledger = catalog.files(collection)
    failure = Failure(Path("/p/b.jpg"), "truncated", "it ends early")
    with catalog.lock(collection):
        store(catalog, collection, "a.jpg")
        assert cut_the_lock(other) == 1
        writes: list[Callable[[], None]] = [
            lambda: store(catalog, collection, "b.jpg"),
            lambda: catalog.writer.remove(collection, [1]),
            lambda: catalog.failures.record(collection, [failure]),
            lambda: catalog.failures.forget(collection, [failure.path]),
            lambda: ledger.record_containers([FileStamp(Path("/p/a.tar"), 1, 1)], []),
        ]
        for write in writes:
            with pytest.raises(LockLost, match=r"'p'.*run the command again"):
                write()
        with writer_lock(other, collection):
            store(Catalog(other), collection, "c.jpg")
    assert names(other) == ["a.jpg", "c.jpg"]
    assert catalog.failures.of(collection.id) == []
    with catalog.lock(collection):  # a new lock works again
        store(catalog, collection, "d.jpg")
    other.close()


def test_the_lock_is_given_when_the_transaction_of_who_lost_it_is_over(
    catalog: Catalog, collection: Collection
) -> None:
    other = Database(str(database_of(catalog).url.render_as_string(hide_password=False)))
    took: list[float] = []

    def take() -> None:
        with taken_lock(other, collection):
            took.append(time.monotonic())

    with catalog.lock(collection):
        with database_of(catalog).write_transaction() as sql:
            catalog.changes.take_turn(sql, collection.id)
            cut_the_lock(other)
            taker = Thread(target=take)
            taker.start()
            taker.join(0.5)
            assert took == []
        ended = time.monotonic()
        taker.join(30)
    assert took[0] >= ended - 0.1
    other.close()


def test_a_run_ends_when_its_lock_is_lost_and_writes_nothing_more(
    limn: Limn, limn_environment: dict[str, str], tmp_path: Path, database_url: str
) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite's lock is a file's, which ends with its process alone")
    folder = tmp_path / "many"
    folder.mkdir()
    chance = np.random.default_rng(3)
    for n in range(PICTURES):
        pixels = chance.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).resize((320, 320)).save(folder / f"{n}.jpg")
    limn("collections", LIMN_DATABASE_URL=database_url)
    database = Database(database_url)
    process = subprocess.Popen(
        limn_command(["index", folder, "-c", "many"]),
        env={**limn_environment, "LIMN_DATABASE_URL": database_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and not names(database):
        time.sleep(0.05)
    assert cut_the_lock(database) == 1
    collection = Catalog(database).collections.one("many")
    with taken_lock(database, collection):
        then = names(database)
        _, told = process.communicate(timeout=60)
        assert names(database) == then
    assert process.returncode == 1
    assert "lock on collection 'many' was cut" in told
    assert "Traceback" not in told
    limn("index", folder, "-c", "many", LIMN_DATABASE_URL=database_url)
    again = limn("index", folder, "-c", "many", LIMN_DATABASE_URL=database_url).stdout
    assert f"0 added, 0 changed, {PICTURES:,} unchanged, 0 removed, 0 failed" in again
    database.close()


@contextmanager
def taken_lock(database: Database, collection: Collection) -> Iterator[None]:
    """Take the writer lock, as soon as the server has released it."""
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(writer_lock(database, collection))
                break
            except CollectionBusy:
                time.sleep(0.01)
        yield


def cut_the_lock(database: Database) -> int:
    """End the sessions that have a writer lock, as a restart of the server does; return the count.

    The server ends them a moment later.
    """
    statement = sa.text(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_locks "
        "WHERE locktype = 'advisory' AND classid = :space AND granted "
        # Other databases of the server may belong to other runs of these tests.
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with database.write_transaction() as sql:
        return int(sql.execute(statement, {"space": POSTGRES_SPACE}).scalar_one())


def names(database: Database) -> list[str]:
    with database.read_transaction() as sql:
        paths = sql.scalars(sa.select(t.picture.c.path).order_by(t.picture.c.path))
        return [Path(path.decode()).name for path in paths]


def store(catalog: Catalog, collection: Collection, name: str) -> None:
    width = collection.space.width
    none = EmbeddedCaptions((), np.zeros((0, width), np.float32))
    file = FileState(Path("/p") / name, 1, 1, name.encode().ljust(32), b"c" * 16)
    vector = np.zeros(width, np.float32)
    catalog.writer.store(
        collection, [EmbeddedPicture(file, PictureFacts("PNG", 1, 1), vector, none)]
    )
