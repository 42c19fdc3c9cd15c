"""Adapters: trained from marks, gated, installed, disabled and enabled, removed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexer.training.adapter.examples import AdapterExamples, Question, gather
from indexer.training.adapter.gate import install, train_adapter
from indexer.training.adapter.training import train
from indexer.training.gate import NotInstalled
from search.bootstrap import open_engine
from search.catalog.query_adapter import Adapter
from search.engine import Engine
from search.errors import BadSource, NotFound
from search.query.records import Query, TextTerm
from search.records import Vectors
from tests.conftest import Limn
from tests.raw_sql import database_of
from tests.tiny_index import run_index, settings_at

pytestmark = pytest.mark.slow

WIDTH = 32


def units(count: int, seed: int) -> Vectors:
    rows = np.random.default_rng(seed).normal(size=(count, WIDTH))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Index shades of eight colours, without captions."""
    folder = tmp_path / "shades"
    folder.mkdir()
    for number in range(64):
        shade = tuple(int(each) for each in np.random.default_rng(number).integers(0, 255, 3))
        Image.new("RGB", (48, 48), shade).save(folder / f"{number}.png")
    with open_engine(settings_at(tmp_path / "data", f"sqlite:///{tmp_path / 'l.db'}")) as engine:
        run_index(engine.catalog, folder, "shades")
        yield engine


def mark_answers(engine: Engine, per_question: int = 3) -> None:
    """Mark answers to words unknown to the encoder, each for the pictures nearest to a colour."""
    colours = ("red", "green", "blue", "yellow", "black", "white", "orange", "purple")
    for place, colour in enumerate(colours * 2):
        hits = engine.search(Query((TextTerm(colour),), k=per_question, by=("picture",)))
        more = tuple(hit.picture.id for hit in hits)
        words = f"{colour} {'thing' if place < len(colours) else 'paint'}"
        engine.catalog.marks.store(Query((TextTerm(words),), more=more))


def test_an_untrained_adapter_changes_nothing_and_survives_its_bytes() -> None:
    rows = units(5, 1)
    still = Adapter(units(4, 2), np.zeros((4, WIDTH), np.float32))
    assert np.allclose(still(rows), rows, atol=1e-6)
    moved = Adapter(units(4, 2), units(4, 3))
    again = Adapter.from_bytes(moved.to_bytes(), 4)
    assert np.array_equal(again(rows), moved(rows))
    assert np.allclose(np.linalg.norm(moved(rows), axis=1), 1, atol=1e-5)


def test_training_leads_words_to_their_answers_and_is_the_same_again() -> None:
    pictures, texts = units(200, 4), units(6, 5)
    rows = [np.array([place * 3, place * 3 + 1]) for place in range(6)]
    questions = tuple(Question(f"q{n}", row, row[:0]) for n, row in enumerate(rows))
    examples = AdapterExamples(questions, texts, pictures, units(20, 6), training_count=6)
    adapter = train(examples)
    before = np.mean([texts[n] @ pictures[row].T for n, row in enumerate(rows)])
    after = np.mean([adapter(texts)[n] @ pictures[row].T for n, row in enumerate(rows)])
    assert after > before + 0.05
    assert np.array_equal(adapter.up, train(examples).up)


def test_an_adapter_is_installed_turned_off_and_removed(engine: Engine) -> None:
    mark_answers(engine)
    done = train_adapter(engine, "shades", anyway=True)
    assert done.trained + done.held_out == 16 and done.held_out > 0
    [installed] = engine.catalog.adapters.all()
    assert installed.enabled and installed.facts["trained"] == done.trained

    data_dir = engine.map_file(engine.collections()[0]).parents[2]

    def cosines() -> list[float]:
        with open_engine(settings_at(data_dir, engine_url(engine))) as fresh:
            return [hit.score for hit in fresh.search(Query((TextTerm("red thing"),), k=5))]

    with_it = cosines()
    engine.catalog.adapters.turn("shades", False)
    without = cosines()
    assert with_it != without
    engine.catalog.adapters.turn("shades", True)
    assert cosines() == with_it
    engine.catalog.adapters.remove("shades")
    assert cosines() == without
    with pytest.raises(NotFound, match="has no adapter"):
        engine.catalog.adapters.turn("shades", True)


def engine_url(engine: Engine) -> str:
    return f"sqlite:///{database_of(engine.catalog).file}"


def test_one_that_finds_answers_worse_is_refused_with_both_figures(engine: Engine) -> None:
    mark_answers(engine)
    collection = engine.catalog.collections.one("shades")
    examples = gather(engine, collection)
    away = Adapter(np.eye(64, dtype=np.float32), -2 * np.eye(64, dtype=np.float32))
    with pytest.raises(NotInstalled, match=r"before: .*; after: "):
        install(engine, collection, examples, away)
    assert engine.catalog.adapters.all() == []
    forced = install(engine, collection, examples, away, anyway=True)
    assert forced.after.answers < forced.before.answers
    assert [each.enabled for each in engine.catalog.adapters.all()] == [True]


def test_few_marks_are_refused_with_what_to_do(engine: Engine, limn: Limn, colours: Path) -> None:
    with pytest.raises(BadSource, match="0 questions have pictures of 'shades' marked"):
        train_adapter(engine, "shades")
    limn("index", colours)
    told = limn("train", "--from-feedback", "--collection", "colours", code=1).stderr
    assert "limn mark add WORDS --more ID" in told
    assert "name it with --collection" in limn("train", "--from-feedback", code=2).stderr
    assert "no adapter yet" in limn("adapter", "list").stderr
    assert "has no adapter" in limn("adapter", "off", "colours", code=1).stderr
