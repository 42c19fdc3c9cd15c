"""Changing the encoder pair of a collection: filled beside, switched, gone back from, freed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

import indexer.indexing.upgrade as upgrade_module
from indexer.indexing.cancellation import JobCancelled, Stop
from indexer.indexing.fill import fill
from indexer.indexing.fill_spaces import fill_spaces
from indexer.indexing.request import Request
from indexer.indexing.run import run
from indexer.indexing.upgrade import UpgradeRequest, upgrade
from search.bootstrap import open_engine
from search.catalog.database import tables as t
from search.catalog.records import RunCounts
from search.engine import Engine
from search.errors import CollectionBusy, LimnError, SpaceMismatch
from search.query.records import Query, TextTerm
from search.settings import Settings
from tests.raw_sql import database_of
from tests.tiny_index import Silent, settings_at

PAIR = "tiny:96"
COUNT = 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of JPEGs of two colours each, every other one with a caption."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(COUNT):
        _picture(folder / f"{number}.jpg", number)
        if number % 2:
            (folder / f"{number}.txt").write_text(f"picture {number}", encoding="utf-8")
    return folder


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return settings_at(tmp_path / "data", database_url)


@pytest.fixture
def engine(settings: Settings, folder: Path) -> Iterator[Engine]:
    with open_engine(settings) as engine:
        index(engine, settings, folder)
        yield engine


def _picture(path: Path, seed: int) -> None:
    pixels = np.zeros((32, 32, 3), np.uint8)
    left, right = np.random.default_rng(seed).integers(0, 255, (2, 3))
    pixels[:, :16], pixels[:, 16:] = left, right
    Image.fromarray(pixels).save(path, quality=95)


def index(engine: Engine, settings: Settings, folder: Path) -> RunCounts:
    request = Request.of((str(folder),), "pictures", workers=1)
    return run(engine, settings, request, Silent()).counts


def embed(engine: Engine, settings: Settings, pair: str = PAIR) -> RunCounts:
    """Run an upgrade to its end, as a worker does."""
    request = UpgradeRequest("pictures", pair, workers=1)
    job_id = engine.upgrades.ask("pictures", pair, workers=1).id
    try:
        return upgrade(engine, settings, request, job_id).counts
    except LimnError:
        engine.catalog.jobs.end(job_id, "failed")
        raise


def answers(engine: Engine) -> list[tuple[int, float, float | None]]:
    """Return ids, scores and confidences for several questions, to the bit."""
    return [
        (hit.picture.id, hit.score, hit.confidence)
        for words in ("red left", "blue", "picture 7", "a green wall")
        for hit in engine.search(Query((TextTerm(words),), ("pictures",), k=10))
    ]


def widths(engine: Engine) -> set[int]:
    """Return the bytes of the embeddings stored for the pictures."""
    with database_of(engine.catalog).read_transaction() as sql:
        vectors = sql.scalars(sa.select(t.picture_embedding.c.vector)).all()
    return {len(vector) // 2 for vector in vectors}


def state(engine: Engine) -> str | None:
    second = engine.catalog.collections.one("pictures").second
    return None if second is None else second.state


def test_a_pair_is_changed_and_changed_back_to_the_same_answers(
    engine: Engine, settings: Settings
) -> None:
    before = answers(engine)
    counts = embed(engine, settings)
    assert (counts.found, counts.added, counts.failed) == (COUNT, COUNT, 0)
    assert state(engine) == "ready"
    assert answers(engine) == before  # the present pair answers until the switch
    assert engine.upgrades.switch("pictures").space.encoder == PAIR
    assert state(engine) == "former"
    after = answers(engine)
    # The wider pair is a rotation: the same pictures, with scores that differ by rounding alone.
    assert {each[0] for each in after} == {each[0] for each in before}
    assert [each[1] for each in after] == pytest.approx([each[1] for each in before], abs=2e-2)
    engine.upgrades.back("pictures")
    assert answers(engine) == before
    engine.upgrades.switch("pictures")
    assert answers(engine) == after
    engine.upgrades.finish("pictures")
    assert state(engine) is None
    assert widths(engine) == {96}
    assert answers(engine) == after


def test_an_index_file_of_each_space_stays_until_it_is_freed(
    engine: Engine, settings: Settings
) -> None:
    answers(engine)
    embed(engine, settings)
    engine.close()
    assert len(index_files(settings)) == 4  # pictures and captions, in both spaces
    engine.upgrades.discard("pictures")
    assert len(index_files(settings)) == 2
    assert (state(engine), widths(engine)) == (None, {64})


def index_files(settings: Settings) -> list[Path]:
    return list((settings.data_dir / "indexes").rglob("*.index"))


def test_a_run_that_is_cut_off_goes_on_after_its_last_transaction(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.indexing.fill.ENCODE_BATCH", 8)
    monkeypatch.setattr("indexer.indexing.fill.WRITE_BATCH", 8)
    collection = engine.catalog.collections.one("pictures")
    pair = engine.encoder(PAIR)
    engine.catalog.second_spaces.begin(collection, pair.space)

    def stop(counts: RunCounts, _at: str) -> None:
        if counts.added == 16:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        fill(engine.catalog, collection, pair, workers=1, limits=engine.limits, report=stop)
    assert engine.catalog.embeddings.count_lacking(collection, pair.space)[0] == COUNT - 16
    with pytest.raises(SpaceMismatch, match="limn upgrade pictures"):
        engine.upgrades.switch("pictures")
    assert embed(engine, settings).added == COUNT - 16


def test_pictures_that_come_meanwhile_go_into_both(
    engine: Engine, settings: Settings, folder: Path
) -> None:
    embed(engine, settings)
    engine.store(engine.catalog.collections.one("pictures").in_second_space())  # is followed
    _picture(folder / "new.jpg", 101)
    (folder / "new.txt").write_text("something new", encoding="utf-8")
    _picture(folder / "3.jpg", 103)  # a change
    (folder / "5.txt").write_text("another caption", encoding="utf-8")
    (folder / "7.jpg").unlink()
    counts = index(engine, settings, folder)
    assert (counts.added, counts.changed, counts.removed) == (1, 2, 1)
    before = answers(engine)
    engine.upgrades.switch("pictures")
    after = answers(engine)
    assert {each[0] for each in after} == {each[0] for each in before}
    [hit] = engine.search(Query((TextTerm("something new"),), ("pictures",), 1, by=("caption",)))
    assert hit.picture.path.name == "new.jpg"
    _picture(folder / "newer.jpg", 104)  # also after the switch, for the way back
    index(engine, settings, folder)
    engine.upgrades.back("pictures")
    store = engine.store(engine.catalog.collections.one("pictures"))
    assert len(store) == COUNT + 1


def test_a_second_pair_that_cannot_be_opened_is_named_by_the_job(
    engine: Engine, settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed(engine, settings)
    _picture(folder / "new.jpg", 101)
    monkeypatch.setattr("search.encoders.tiny.MAX_WIDTH", 80)
    with open_engine(settings) as later:  # its encoders are not open yet
        assert index(later, settings, folder).added == 1
        [job] = later.catalog.jobs.of("pictures", 1, "index")
    assert job.state == "done" and PAIR in (job.message or "")
    monkeypatch.undo()
    index(engine, settings, folder)  # embeds what was left out
    engine.upgrades.switch("pictures")


def test_a_picture_that_cannot_be_read_hinders_until_it_is_left_out(
    engine: Engine, settings: Settings, folder: Path
) -> None:
    content = (folder / "9.jpg").read_bytes()
    (folder / "9.jpg").write_bytes(b"no picture")
    _picture(folder / "11.jpg", 111)  # changed since it was indexed
    assert embed(engine, settings).failed == 2
    job = engine.catalog.jobs.of("pictures")[0]
    assert job.state == "done" and "2 pictures could not be embedded" in (job.message or "")
    with pytest.raises(SpaceMismatch, match="--incomplete"):
        engine.upgrades.switch("pictures")
    engine.upgrades.switch("pictures", incomplete=True)
    assert len(engine.store(engine.catalog.collections.one("pictures"))) == COUNT - 2
    (folder / "9.jpg").write_bytes(content)
    index(engine, settings, folder)  # both are embedded by both pairs now
    assert len(engine.store(engine.catalog.collections.one("pictures"))) == COUNT
    engine.upgrades.back("pictures")


def test_a_missing_picture_is_embedded_once_it_is_back(
    engine: Engine, settings: Settings, folder: Path
) -> None:
    away = folder.with_name("away")
    folder.rename(away)
    with pytest.raises(LimnError):
        index(engine, settings, folder)
    ids = list(engine.store(engine.catalog.collections.one("pictures")).ids())
    collection = engine.catalog.collections.one("pictures")
    engine.catalog.writer.mark_missing(collection, [int(each) for each in ids[:5]])
    away.rename(folder)
    (folder / "gone").mkdir()
    embed(engine, settings)
    engine.upgrades.switch("pictures")
    index(engine, settings, folder)
    assert len(engine.store(engine.catalog.collections.one("pictures"))) == COUNT


def test_each_step_says_what_to_type_where_it_does_not_suit(
    engine: Engine, settings: Settings
) -> None:
    steps = engine.upgrades
    for step in (steps.switch, steps.back, steps.finish, steps.discard):
        with pytest.raises(SpaceMismatch, match="limn upgrade pictures --encoder"):
            step("pictures")
    embed(engine, settings)
    for step in (steps.back, steps.finish):
        with pytest.raises(SpaceMismatch, match="--switch"):
            step("pictures")
    with pytest.raises(SpaceMismatch, match="--discard"):
        embed(engine, settings, "tiny:128")
    with pytest.raises(SpaceMismatch, match="already"):
        embed(engine, settings, "tiny")
    steps.switch("pictures")
    for step in (steps.switch, steps.discard):
        with pytest.raises(SpaceMismatch, match="--back"):
            step("pictures")


def test_a_job_goes_on_while_its_collection_is_renamed(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename_after(step: str, new: str) -> None:
        former = getattr(upgrade_module, step)

        def renaming(*arguments: Any, **more: Any) -> Any:
            result = former(*arguments, **more)
            [collection] = engine.catalog.collections.all()
            engine.rename(collection.name, new)
            return result

        monkeypatch.setattr(upgrade_module, step, renaming)

    rename_after("download_for_job", "downloaded")
    rename_after("fill", "embedded")
    embed(engine, settings)
    [collection] = engine.catalog.collections.all()
    assert collection.name == "embedded"
    assert collection.second is not None and collection.second.state == "ready"
    assert engine.catalog.jobs.latest()[0].state == "done"


def test_another_pair_is_refused_while_a_job_has_yet_to_begin(engine: Engine) -> None:
    """A download takes minutes, in which the second space is not recorded yet."""
    job_id = engine.upgrades.ask("pictures", PAIR).id
    assert engine.upgrades.ask("pictures", PAIR).id == job_id
    with pytest.raises(SpaceMismatch, match=r"embedded by tiny:96 as well.*--discard"):
        engine.upgrades.ask("pictures", "tiny:128")
    collection = engine.catalog.collections.one("pictures")
    full_name = replace(engine.encoder(PAIR).space, encoder="the-full-name")
    engine.catalog.second_spaces.begin(collection, full_name)
    assert engine.upgrades.ask("pictures", "the-full-name").id == job_id


def test_nothing_changes_while_another_process_is_at_it(engine: Engine, settings: Settings) -> None:
    embed(engine, settings)
    collection = engine.catalog.collections.one("pictures")
    with engine.catalog.lock(collection), pytest.raises(CollectionBusy):
        engine.upgrades.switch("pictures")
    with engine.catalog.upgrade_lock(collection):
        with pytest.raises(CollectionBusy):
            engine.upgrades.switch("pictures")
        with pytest.raises(CollectionBusy):
            embed(engine, settings)
        assert fill_spaces(engine, collection, 1, Silent(), Stop()) == []


def test_requests_are_run_again_by_the_new_pair(
    engine: Engine, settings: Settings, folder: Path
) -> None:
    request = Request.of((str(folder),), "pictures", workers=1, encoder="tiny")
    run(engine, settings, request, Silent())
    embed(engine, settings)
    engine.upgrades.switch("pictures")
    for document in engine.catalog.jobs.requests("pictures"):
        run(engine, settings, Request.from_json(document), Silent())


def test_a_collection_is_removed_with_both_its_spaces(engine: Engine, settings: Settings) -> None:
    embed(engine, settings)
    engine.close()
    engine.remove("pictures")
    assert (index_files(settings), widths(engine)) == ([], set())


def test_an_offer_of_a_better_pair_is_remembered(engine: Engine) -> None:
    rows, collection = engine.catalog.second_spaces, engine.catalog.collections.one("pictures")
    assert rows.offer(collection) is None
    rows.record_offer(collection, "made")
    assert rows.offer(collection) == "made"
    rows.record_offer(collection, "declined")
    assert rows.offer(collection) == "declined"
