"""The engine and its followers: a search equals an exact scan of SQL, in any state of the index."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from search.bootstrap import open_engine
from search.catalog.catalog import Catalog
from search.catalog.database.tables import change
from search.catalog.records import EmbeddedCaptions, EmbeddedPicture, FileState
from search.encoders.tiny import TinyEncoder
from search.engine import Engine, once
from search.errors import BadQuery, NotFound, SpaceMismatch
from search.query.records import IndexedTerm, PictureTerm, Query, TextTerm
from search.records import PictureFacts, Space
from search.settings import Settings
from tests.raw_sql import database_of
from tests.tiny_index import run_index, vector_of

COLLECTION = "colours"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings.from_environment(
        {
            "LIMN_DATA_DIR": str(tmp_path / "data"),
            "LIMN_DATABASE_URL": database_url,
            "LIMN_ENCODER": "tiny",
        }
    )


@pytest.fixture
def engine(settings: Settings, colours: Path) -> Iterator[Engine]:
    with open_engine(settings) as engine:
        run_index(engine.catalog, colours)
        yield engine


def names(engine: Engine, query: Query) -> list[str]:
    return [hit.picture.path.name for hit in engine.search(query)]


def words(text: str, k: int = 1) -> Query:
    return Query((TextTerm(text),), k=k)


def index_files(settings: Settings) -> list[Path]:
    """Return the index files of pictures, without the ones of captions in the same folder."""
    files = (settings.data_dir / "indexes").rglob("*.index")
    return sorted(path for path in files if not path.stem.endswith("-captions"))


def renumber(catalog: Catalog, by: int) -> None:
    with database_of(catalog).write_transaction() as sql:
        sql.execute(change.update().values(seq=change.c.seq + by))


def test_hits_are_ranked_by_their_cosine_and_joined_with_sql(engine: Engine) -> None:
    hits = engine.search(Query((TextTerm("a red wall"),), k=8, by=("picture",)))
    assert [hit.rank for hit in hits] == list(range(1, 9))
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    encoder = TinyEncoder()
    query = encoder.encode_texts(["a red wall"])[0]
    for hit in hits:
        vector = vector_of(engine.catalog, hit.picture.id)
        assert hit.score == pytest.approx(float(query @ vector), abs=1e-3)
        colour = hit.picture.path.stem
        assert [each.text for each in hit.picture.facts.captions] == [
            f"a {colour} wall",
            f"all is {colour}",
        ]
    assert hits[0].picture.path.name == "red.jpg"


def test_a_part_is_built_by_one_thread_and_shared_by_all() -> None:
    built: list[object] = []
    both_in = threading.Barrier(2)

    def build() -> object:
        with suppress(threading.BrokenBarrierError):
            both_in.wait(timeout=0.2)
        built.append(object())
        return built[-1]

    part = once(build)
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.submit(part), threads.submit(part)
        assert first.result() is second.result()
    assert built == [part()]


def test_a_picture_finds_itself_by_its_file_and_others_by_its_id(
    engine: Engine, colours: Path
) -> None:
    path = colours / "red.jpg"
    [by_file] = engine.search(Query((PictureTerm(path),), k=1))
    [by_bytes] = engine.search(Query((PictureTerm(path.read_bytes()),), k=1))
    assert by_file == by_bytes
    assert by_file.picture.path == path
    assert by_file.score == pytest.approx(1.0, abs=2e-3)
    others = names(engine, Query((IndexedTerm(by_file.picture.id),), k=8))
    assert len(others) == 7
    assert "red.jpg" not in others


def test_what_another_process_commits_is_found_at_once(
    engine: Engine, settings: Settings, colours: Path
) -> None:
    assert names(engine, words("pink")) != ["pink.jpg"]
    Image.new("RGB", (64, 64), "pink").save(colours / "pink.jpg")
    (colours / "red.jpg").unlink()
    with open_engine(settings) as other:
        run_index(other.catalog, colours)
    assert "pink.jpg" in names(engine, words("pink", k=8))
    assert "red.jpg" not in names(engine, words("red", k=8))


def test_the_index_file_is_written_and_used_by_the_next_engine(
    engine: Engine, settings: Settings
) -> None:
    expected = engine.search(words("green", k=8))
    engine.close()
    [path] = index_files(settings)
    written = path.stat()
    with open_engine(settings) as other:
        assert other.search(words("green", k=8)) == expected
    assert path.stat().st_mtime_ns == written.st_mtime_ns, "nothing changed, nothing is written"


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["missing", "cut", "flipped", "empty", "foreign", "ahead"])
def test_an_index_file_that_can_not_be_used_is_rebuilt(
    engine: Engine, settings: Settings, colours: Path, damage: str
) -> None:
    expected = engine.search(words("green", k=8))
    engine.close()
    [path] = index_files(settings)
    data = path.read_bytes()
    match damage:
        case "missing":
            path.unlink()
        case "cut":
            path.write_bytes(data[: len(data) // 2])
        case "flipped":
            path.write_bytes(data[:-5] + bytes([data[-5] ^ 1]) + data[-4:])
        case "empty":
            path.write_bytes(b"")
        case "foreign":
            run_index(engine.catalog, colours, "another")
            engine.search(words("red"))
            engine.close()
            [other] = [each for each in index_files(settings) if each != path]
            other.replace(path)
            engine.remove("another")
        case "ahead":
            renumber(engine.catalog, 1000)
            engine.search(words("red"))
            engine.close()
            renumber(engine.catalog, -1000)
    with open_engine(settings) as other_engine:
        assert other_engine.search(words("green", k=8)) == expected


def test_a_folder_that_can_not_be_written_costs_the_index_file_and_no_answer(
    settings: Settings, engine: Engine
) -> None:
    (settings.data_dir).mkdir(exist_ok=True)
    (settings.data_dir / "indexes").write_text("a file stands in the way")
    assert names(engine, words("red")) == ["red.jpg"]
    engine.close()


def test_a_removed_collection_is_gone_from_a_running_engine(
    engine: Engine, settings: Settings
) -> None:
    engine.search(words("red"))
    with open_engine(settings) as other:
        other.remove(COLLECTION)
    assert engine.search(words("red")) == []
    engine.close()
    assert index_files(settings) == []


def test_unknown_names_and_ids_are_not_found(engine: Engine) -> None:
    with pytest.raises(NotFound, match="colours"):
        engine.search(Query((TextTerm("red"),), ("nowhere",)))
    with pytest.raises(NotFound, match="999"):
        engine.search(Query((IndexedTerm(999),)))
    with pytest.raises(NotFound, match="999"):
        engine.thumbnail(999, 64)
    with pytest.raises(BadQuery):
        engine.search(Query(()))


def test_vectors_of_two_spaces_never_meet(engine: Engine, colours: Path) -> None:
    space = Space("other-000000000000", "tiny", 64)
    foreign = engine.catalog.collections.open("foreign", space)
    assert names(engine, words("red")) == ["red.jpg"], "an empty collection is in nobody's way"
    vector = TinyEncoder().encode_texts(["red"])[0]
    file = FileState(Path("/nowhere.jpg"), 1, 1, b"", b"")
    facts = PictureFacts("JPEG", 1, 1)
    none = EmbeddedCaptions((), np.zeros((0, 64), dtype=np.float32))
    engine.catalog.writer.store(foreign, [EmbeddedPicture(file, facts, vector, none)])
    answer = engine.answer(words("red"))
    assert [hit.picture.path.name for hit in answer.hits] == ["red.jpg"]
    assert answer.notes[0].startswith("foreign could not be searched: collection 'foreign' was")
    with pytest.raises(SpaceMismatch, match=r"other-000000000000.*now makes 'tiny-"):
        engine.search(Query((TextTerm("red"),), ("foreign",)))


@pytest.mark.slow
def test_searches_over_many_pictures_equal_a_scan_of_sql(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "random"
    folder.mkdir()
    chance = np.random.default_rng(3)
    for n in range(60):
        small = Image.fromarray(chance.integers(0, 255, (3, 3, 3), dtype=np.uint8))
        small.resize((48, 48)).save(folder / f"{n}.png")
    run_index(engine.catalog, folder, "random")
    query = TinyEncoder().encode_texts(["yellow on the left"])[0]
    hits = engine.search(Query((TextTerm("yellow on the left"),), ("random",), k=100))
    assert len(hits) == 60
    for hit in hits:
        vector = vector_of(engine.catalog, hit.picture.id)
        assert hit.score == pytest.approx(float(query @ vector), abs=1e-3)
