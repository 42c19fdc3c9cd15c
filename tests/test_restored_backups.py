"""A database restored from a backup: newer index files and maps are not taken for its own."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from search.bootstrap import open_engine
from search.catalog.catalog import Catalog
from search.catalog.database import Database
from search.catalog.database.schema import ensure_schema
from search.catalog.known_files import KnownFiles
from search.indexes.follower import Follower
from search.library.map_file import PictureMap, write_map
from search.query.records import Query, TextTerm
from search.records import Ids, Vectors
from search.stores.exact import ExactBackend
from tests.colour_web import opened, settings_in, store_colours
from tests.conftest import POSTGRES_URL, Limn
from tests.small_catalog import SPACE, embedded, unit

pytestmark = pytest.mark.slow

HUES = ("red", "green", "blue", "yellow")


def paint(folder: Path, **pictures: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, colour in pictures.items():
        Image.new("RGB", (96, 64), colour).save(folder / f"{name}.png")
    return folder


def best(folder: Path, *colours: str) -> list[str]:
    """Return the best picture of each colour in a newly opened engine; "" for a poor match."""
    names = []
    with open_engine(settings_in(folder)) as engine:
        for colour in colours:
            [hit] = engine.search(Query((TextTerm(colour),), k=1))
            names.append(hit.picture.path.stem if hit.score > 0.9 else "")
    return names


def test_pictures_of_a_restored_database_are_found_and_no_others(
    limn: Limn, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library, data = tmp_path / "library", tmp_path / "data"
    limn("index", paint(library, a="red", b="green"), "-c", "k")
    shutil.copy(data / "limn.db", tmp_path / "backup.db")
    limn("index", paint(library, b="yellow", c="blue"), "-c", "k")
    assert best(data, "red", "yellow", "blue") == ["a", "b", "c"]

    shutil.copy(tmp_path / "backup.db", data / "limn.db")
    paint(library, b="green", c="purple", d="orange", e="white").joinpath("a.png").unlink()
    limn("index", library, "-c", "k")  # as many changes as were lost, and more
    held = ("green", "purple", "orange", "white", "yellow", "blue", "red")
    assert best(data, *held) == ["b", "c", "d", "e", "", "", ""]
    assert "the database was restored from a backup since" in caplog.text
    caplog.clear()
    assert best(data, "purple") == ["c"]
    assert not caplog.text  # the files match the database again


numbers = st.integers(0, 3)
step = st.one_of(
    st.tuples(st.just("store"), numbers, numbers),
    st.tuples(st.just("remove"), numbers, st.just(0)),
    st.tuples(st.sampled_from(("follow", "restart", "elsewhere")), st.just(0), st.just(0)),
)
steps = st.lists(step, max_size=8)


@pytest.fixture(scope="module")
def at_head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty database, made once: migrating takes longer than a whole round."""
    path = tmp_path_factory.mktemp("head") / "limn.db"
    database = Database(path)
    ensure_schema(database)
    database.close()
    return path


@given(rounds=st.lists(st.tuples(steps, steps, steps), min_size=1, max_size=2))
@settings(deadline=None, max_examples=25)
def test_a_follower_holds_what_its_database_holds_whatever_was_restored(
    at_head: Path,
    rounds: list[tuple[list[tuple[str, int, int]], ...]],
) -> None:
    with TemporaryDirectory() as folder:
        world = World(at_head, Path(folder))
        for before, lost, after in rounds:
            world.run([*before, ("backup", 0, 0), *lost, ("follow", 0, 0)])
            world.run([("restore", 0, 0), *after, ("follow", 0, 0)])
        world.database.close()


class World:
    """A database with a collection, its index file, and perhaps a backup."""

    def __init__(self, at_head: Path, folder: Path) -> None:
        self.file, self.backup, self.index = (folder / each for each in ("a.db", "b.db", "i"))
        shutil.copy(at_head, self.file)
        self.open()

    def open(self) -> None:
        self.database = Database(self.file)
        ensure_schema(self.database)
        self.catalog = Catalog(self.database)
        self.collection = self.catalog.collections.open("photos", SPACE)
        self.follower = follower(self.catalog, self.index)

    def run(self, steps: list[tuple[str, int, int]]) -> None:
        for each in steps:
            self.do(*each)

    def do(self, name: str, picture: int, vector: int) -> None:
        if name == "store":
            item = embedded(
                f"/p/{picture}.jpg", unit(*(1 + (vector >> bit & 1) for bit in range(4)))
            )
            self.catalog.writer.store(self.collection, [item])
        elif name == "elsewhere":  # its numbers are of the same log
            other = self.catalog.collections.open("other", SPACE)
            self.catalog.writer.store(other, [embedded("/p/x.jpg", unit(1, 0, 0, 0))])
        elif name == "remove":
            path = Path(f"/p/{picture}.jpg")
            known = KnownFiles(self.database, self.collection).by_path([path])
            self.catalog.writer.remove(
                self.collection, [each.picture_id for each in known.values()]
            )
        elif name == "follow":
            assert_level(self.follower, self.catalog)
            self.follower.save()
        else:
            self.database.close()
            if name == "backup":
                shutil.copy(self.file, self.backup)
            elif name == "restore" and self.backup.exists():
                shutil.copy(self.backup, self.file)
            self.open()


def follower(catalog: Catalog, path: Path) -> Follower:
    collection = catalog.collections.one("photos")
    return Follower(catalog, collection, ExactBackend(), path)


def assert_level(found: Follower, catalog: Catalog) -> None:
    held = dict(rows(found.store().items()))
    collection = catalog.collections.one("photos")
    wanted: dict[int, bytes] = {}
    for changes in catalog.changes.of_pictures(collection, 0):
        wanted |= dict(rows((changes.ids, changes.vectors)))
    assert held == wanted


def rows(items: tuple[Ids, Vectors]) -> list[tuple[int, bytes]]:
    return [(int(each), row.tobytes()) for each, row in zip(*items, strict=True)]


@pytest.mark.postgres
def test_a_process_that_outlives_a_restored_server_begins_an_epoch(tmp_path: Path) -> None:
    if not POSTGRES_URL:
        pytest.skip("LIMN_TEST_POSTGRES_URL names no server")
    server = sa.create_engine(POSTGRES_URL, isolation_level="AUTOCOMMIT")
    url = sa.make_url(POSTGRES_URL).set(database="limn_test_live")

    def copy(source: str, target: str) -> None:
        with server.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)"))
            connection.execute(sa.text(f"CREATE DATABASE {target} TEMPLATE {source}"))

    try:
        copy("template0", "limn_test_live")
        database = Database(url.render_as_string(hide_password=False))
        ensure_schema(database)
        catalog = Catalog(database)
        collection = catalog.collections.open("photos", SPACE)
        vectors = np.eye(4, dtype=np.float32)
        catalog.writer.store(collection, [embedded("/p/a.jpg", vectors[0])])
        database.close()
        copy("limn_test_live", "limn_test_backup")
        for number in range(3):
            catalog.writer.store(collection, [embedded(f"/p/{number}.jpg", vectors[1])])
        running = follower(catalog, tmp_path / "index")
        assert_level(running, catalog)
        database.close()
        copy("limn_test_backup", "limn_test_live")
        for number in range(5):
            catalog.writer.store(collection, [embedded(f"/p/new {number}.jpg", vectors[2])])
        assert_level(running, catalog)
        running.save()
        assert_level(follower(catalog, tmp_path / "index"), catalog)
        database.close()
    finally:
        with server.connect() as connection:
            for name in ("limn_test_live", "limn_test_backup"):
                connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        server.dispose()


def test_an_index_file_from_before_epochs_is_followed_further(tmp_path: Path) -> None:
    database = Database(tmp_path / "limn.db")
    ensure_schema(database)
    catalog = Catalog(database)
    collection = catalog.collections.open("photos", SPACE)
    catalog.writer.store(collection, [embedded("/p/a.jpg", unit(1, 0, 0, 0))])
    with database.write_transaction() as sql:  # as in a database from before epochs
        sql.execute(sa.text("DELETE FROM change_epoch"))
    first = follower(catalog, tmp_path / "index")
    assert_level(first, catalog)
    first.save()
    written = (tmp_path / "index").read_bytes()
    assert b'"epoch": ""' in written
    database.close()

    catalog = Catalog(database)  # the next process
    catalog.writer.store(collection, [embedded("/p/b.jpg", unit(0, 1, 0, 0))])
    assert catalog.changes.goes_on_from(collection.id, 1, "")
    assert not catalog.changes.goes_on_from(collection.id, 2, "")
    assert_level(follower(catalog, tmp_path / "index"), catalog)
    database.close()


def test_a_map_of_what_was_lost_is_shown_no_more(tmp_path: Path) -> None:
    configuration = settings_in(tmp_path / "data")
    database, backup = tmp_path / "data" / "limn.db", tmp_path / "backup.db"
    with open_engine(configuration) as engine:
        store_colours(engine.catalog, tmp_path / "pictures", HUES[:1])
    shutil.copy(database, backup)
    with opened(configuration) as (engine, client):
        store_colours(engine.catalog, tmp_path / "pictures", HUES[1:2])
        [collection] = engine.collections()
        head = engine.catalog.changes.last(collection.id)
        epoch = engine.catalog.changes.epoch_at(collection.id, head)
        places = np.zeros((2, 2), np.float32)
        made = PictureMap(head, np.array([1, 2]), places, (), epoch)
        write_map(engine.map_file(collection), made)
        assert client.get("/api/v1/collections/colours/map").status_code == 200
    shutil.copy(backup, database)
    with opened(configuration) as (engine, client):
        store_colours(engine.catalog, tmp_path / "pictures", HUES[2:])
        answer = client.get("/api/v1/collections/colours/map")
        assert (answer.status_code, "no map yet" in answer.text) == (404, True)
        assert client.get("/collections/colours/map").status_code == 200
