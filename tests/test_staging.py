"""ANN indexes of collections: built during searches, stored in a file, rebuilt if lost."""

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from search.bootstrap import open_engine
from search.catalog.records import EmbeddedCaptions, EmbeddedPicture, FileState
from search.encoders.tiny import WIDTH, TinyEncoder
from search.engine import Engine
from search.records import Collection, PictureFacts, Vectors
from search.settings import Settings
from search.stores.faiss_store.ann_training import one_thread
from search.stores.faiss_store.store import FaissStore
from tests.conftest import Limn

pytestmark = pytest.mark.slow


class Opening(Protocol):
    """A fixture that opens engines on one folder, in a long-running or a short process."""

    def __call__(
        self, long_running: bool = True, **changes: object
    ) -> AbstractContextManager[Engine]: ...


ROWS = 1_500
TIMEOUT_S = 120


@pytest.fixture(autouse=True, scope="module")
def alone() -> Iterator[None]:
    """Run FAISS on one thread: rows this few gain nothing from several."""
    with one_thread():
        yield


def vectors(count: int, seed: int = 0) -> Vectors:
    random = np.random.default_rng(seed)
    rows = random.standard_normal((count, WIDTH)) * np.linspace(1.5, 0.2, WIDTH)
    return np.ascontiguousarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def fill(engine: Engine, rows: Vectors, first: int = 0) -> Collection:
    """Index pictures that have vectors, and no files."""
    collection = engine.catalog.collections.open("many", TinyEncoder().space)
    nothing = EmbeddedCaptions((), np.empty((0, WIDTH), np.float32))
    batch = []
    for number, row in enumerate(rows, start=first):
        digest = hashlib.sha256(b"%d" % number).digest()
        file = FileState(Path(f"/many/{number}.jpg"), 1, 1, digest, digest)
        batch.append(EmbeddedPicture(file, PictureFacts("jpeg", 4, 3), row, nothing))
    engine.catalog.writer.store(collection, batch)
    return collection


@pytest.fixture
def opened(tmp_path: Path) -> Opening:
    """Open an engine on the same folder, with other settings each time."""

    @contextmanager
    def open_with(long_running: bool = True, **changes: object) -> Iterator[Engine]:
        settings = Settings.from_environment({"LIMN_DATA_DIR": str(tmp_path), "LIMN_STORE": "scan"})
        with open_engine(replace(settings, **changes), long_running) as engine:  # type: ignore[arg-type]
            yield engine

    return open_with


def staged(engine: Engine, collection: Collection) -> FaissStore:
    """Return the collection's store, once its background builds have ended."""
    store = engine.store(collection)
    engine.wait_for_builds(TIMEOUT_S)
    assert isinstance(store, FaissStore)
    return store


def first_file(folder: Path) -> Path:
    [file] = [each for each in folder.rglob("*.first") if "captions" not in each.name]
    return file


def assert_finds_each_by_itself(store: FaissStore, rows: Vectors) -> None:
    found, scores = store.search(rows[:50], 1)
    assert len(set(found[:, 0].tolist())) == 50
    np.testing.assert_allclose(scores[:, 0], 1, atol=1e-3)


def test_a_lasting_process_builds_in_the_background_and_keeps_what_it_built(
    opened: Opening, tmp_path: Path
) -> None:
    rows = vectors(ROWS)
    with opened() as engine:
        collection = fill(engine, rows)
        store = staged(engine, collection)
        assert store.ann is not None and engine.plan(collection).store == "scan"
        assert_finds_each_by_itself(store, rows)
        fill(engine, vectors(200, seed=1), first=ROWS)
        assert store is engine.store(collection)
        assert len(store) == ROWS + 200 == len(store.ann.index)
    written = first_file(tmp_path).stat().st_mtime_ns
    with opened(long_running=False) as engine:
        store = staged(engine, collection)
        assert store.ann is not None and len(store.ann.index) == ROWS + 200
        assert any("too few captions" in reason for reason in engine.plan(collection).reasons)
    assert first_file(tmp_path).stat().st_mtime_ns == written
    with opened(long_running=False, store="exact") as engine:
        assert staged(engine, collection).ann is None
        assert engine.plan(collection).reasons == ("exact was asked for",)


def test_a_short_command_builds_nothing(opened: Opening, tmp_path: Path) -> None:
    with opened(long_running=False) as engine:
        collection = fill(engine, vectors(ROWS))
        assert staged(engine, collection).ann is None
        assert engine.plan(collection).store == "exact"
    assert not list(tmp_path.rglob("*.first"))


@pytest.mark.parametrize("place", [0.0, 0.3, 0.9])
def test_a_damaged_first_pass_is_built_again_while_exact_search_answers(
    opened: Opening,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    place: float,
) -> None:
    rows = vectors(ROWS)
    with opened() as engine:
        collection = fill(engine, rows)
        staged(engine, collection)
    file = first_file(tmp_path)
    content = bytearray(file.read_bytes())
    content[int(place * len(content))] ^= 0x55
    file.write_bytes(content)
    with caplog.at_level(logging.WARNING), opened(long_running=False) as engine:
        store = staged(engine, collection)
        assert store.ann is None
        assert_finds_each_by_itself(store, rows)
    assert "is built again" in caplog.text
    with opened() as engine:
        assert staged(engine, collection).ann is not None


def test_a_damaged_index_leaves_its_first_pass_to_be_built_again(
    opened: Opening, tmp_path: Path
) -> None:
    rows = vectors(ROWS)
    with opened() as engine:
        collection = fill(engine, rows)
        staged(engine, collection)
    [index] = [each for each in tmp_path.rglob("*.index") if "captions" not in each.name]
    index.write_bytes(index.read_bytes()[:1000])
    with opened() as engine:
        store = staged(engine, collection)
        assert store.ann is not None and len(store.ann.index) == ROWS
        assert_finds_each_by_itself(store, rows)


def test_what_is_over_its_memory_is_put_down_once_it_is_written(
    opened: Opening,
) -> None:
    rows = vectors(2_500)
    with opened(memory_bytes=200_000) as engine:
        collection = fill(engine, rows)
        store = staged(engine, collection)
        assert store.in_memory_bytes < 200_000
        assert store.ann is not None
        assert_finds_each_by_itself(store, rows)


def test_info_and_plan_say_how_a_collection_is_searched(limn: Limn, colours: Path) -> None:
    limn("index", colours)
    assert "about a millisecond" in limn("info", "colours").stdout
    told = json.loads(limn("plan", "colours", "--json").stdout)
    assert told["store"] == "exact" and told["vectors"] == 8
    assert json.loads(limn("info", "colours", "--json").stdout)["store"]["store"] == "exact"
    limn("search", "red", "--store", "hnsw", "--memory", "1M")
    refused = limn("search", "red", "--memory", "much", code=2)
    assert "--memory is 'much'; it may be a size such as 512M or 2G" in refused.stderr
    assert "'--store'" in limn("search", "red", "--store", "annoy", code=2).stderr
