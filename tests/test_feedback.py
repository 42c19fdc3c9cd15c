"""Relevance feedback: marks move a query at once, in any store, and a bad mark never ruins it."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from search.bootstrap import open_engine
from search.engine import Engine
from search.errors import BadQuery, NotFound
from search.query.records import IndexedTerm, Query, TextTerm
from search.ranking.calibration import Background, CosineDistribution
from search.ranking.relevance_feedback import MIN_FITTED, MarkedVectors, apply_feedback, direction
from search.records import Vectors
from search.settings import Settings
from tests.conftest import Limn
from tests.tiny_index import run_index

pytestmark = pytest.mark.slow

WIDTH = 16


@pytest.fixture
def engine(tmp_path: Path, database_url: str, colours: Path) -> Iterator[Engine]:
    settings = Settings.from_environment(
        {
            "LIMN_DATA_DIR": str(tmp_path / "data"),
            "LIMN_DATABASE_URL": database_url,
            "LIMN_ENCODER": "tiny",
        }
    )
    with open_engine(settings) as engine:
        run_index(engine.catalog, colours)
        yield engine


@pytest.fixture
def ids(engine: Engine) -> dict[str, int]:
    hits = engine.search(Query((TextTerm("red"),), k=8))
    return {hit.picture.path.stem: hit.picture.id for hit in hits}


def stems(engine: Engine, query: Query) -> list[str]:
    return [hit.picture.path.stem for hit in engine.search(query)]


def rows(*towards: int, count: int = 1, noise: float = 0.2, seed: int = 0) -> Vectors:
    """Return unit rows near the named axes, `count` of each."""
    chance = np.random.default_rng(seed)
    found = noise * chance.normal(size=(count * len(towards), WIDTH))
    found[np.arange(len(found)), np.repeat(towards, count)] += 1
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found, dtype=np.float32)


def background(sample: Vectors) -> Background:
    return Background(sample, sample, CosineDistribution(), CosineDistribution())


SAMPLE = rows(*range(WIDTH), count=16, seed=7)


@pytest.mark.parametrize("marks", [1, 2, MIN_FITTED, 20])
def test_what_is_like_the_marks_comes_before_what_is_not(marks: int) -> None:
    marked = MarkedVectors(rows(3, count=marks, seed=1), rows(5, count=2, seed=2))
    found = direction(marked, SAMPLE)
    assert found is not None and found.shape == (1, WIDTH) and found.dtype == np.float32
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-6)
    like, unlike, other = (rows(each, count=20, seed=3) @ found[0] for each in (3, 5, 8))
    assert like.min() > max(unlike.max(), other.max())
    assert unlike.mean() < other.mean()
    again = direction(marked, SAMPLE)
    assert again is not None and np.array_equal(found, again), "the same marks lead the same way"


def test_less_alone_leads_away(engine: Engine) -> None:
    found = direction(MarkedVectors(rows(3)[:0], rows(3, count=MIN_FITTED)), SAMPLE)
    assert found is not None
    assert (rows(3, count=10, seed=4) @ found[0]).max() < (rows(4, count=10) @ found[0]).min()


def test_marks_that_cancel_out_lead_nowhere() -> None:
    row = rows(3)
    assert direction(MarkedVectors(row[:0], row[:0]), SAMPLE) is None
    assert direction(MarkedVectors(SAMPLE[:1], SAMPLE[:0]), SAMPLE[:1]) is None


def test_more_marks_count_more_and_one_never_turns_a_question_around() -> None:
    asked, wrong = rows(1, noise=0), rows(2, seed=5)
    one = apply_feedback(asked, MarkedVectors(wrong, wrong[:0]), background(SAMPLE))
    many = apply_feedback(asked, MarkedVectors(rows(2, count=20), wrong[:0]), background(SAMPLE))
    assert one is not None and many is not None
    assert one.weight < many.weight < 1
    assert (asked @ one.vector.T).item() > (asked @ many.vector.T).item() > 0.5


def test_marks_of_any_number_are_followed_in_milliseconds() -> None:
    chance = np.random.default_rng(1)
    wide = chance.normal(size=(328, 512)).astype(np.float32)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    found = direction(MarkedVectors(wide[:100], wide[100:200]), wide[200:])
    assert found is not None and np.isfinite(found).all()


def test_a_mark_bends_the_ranking_and_tells_so(engine: Engine, ids: dict[str, int]) -> None:
    plain = Query((TextTerm("a wall"),), k=8)
    bent = Query((TextTerm("a wall"),), k=8, more=(ids["blue"],), less=(ids["yellow"],))
    before, after = stems(engine, plain), stems(engine, bent)
    assert after.index("blue") < before.index("blue") or after[0] == "blue"
    assert "yellow" not in after and len(after) == 7
    for hit in engine.search(bent):
        assert hit.measure == "relevance" and hit.confidence is None
        assert sum(match.share for match in hit.matches) == pytest.approx(1, abs=1e-5)
        assert hit.matches[-1].by == "marks"


@pytest.mark.parametrize("by", [("picture",), ("picture", "caption", "words")])
def test_marks_speak_whatever_else_may(
    engine: Engine, ids: dict[str, int], by: tuple[str, ...]
) -> None:
    query = Query((TextTerm("green"),), k=8, by=by, more=(ids["blue"],))  # type: ignore[arg-type]
    found = stems(engine, query)
    assert found[0] == "green", "one mark bends the answer and does not turn it around"
    assert found.index("blue") <= 2


def test_marks_alone_are_a_question(engine: Engine, ids: dict[str, int]) -> None:
    assert stems(engine, Query((), k=8, more=(ids["red"],)))[0] == "red"
    like = Query((IndexedTerm(ids["red"]),), k=8, less=(ids["orange"],))
    assert {"red", "orange"}.isdisjoint(stems(engine, like))


def test_marks_that_can_not_be_followed_are_refused(engine: Engine, ids: dict[str, int]) -> None:
    words = (TextTerm("red"),)
    with pytest.raises(BadQuery, match=r"marked both more and less"):
        engine.search(Query(words, more=(3,), less=(3,)))
    with pytest.raises(BadQuery, match=r"201 pictures are marked; there may be 200"):
        engine.search(Query(words, more=tuple(range(1, 202))))
    with pytest.raises(BadQuery, match="the query is empty"):
        engine.search(Query((), less=(ids["red"],)))
    with pytest.raises(NotFound, match="999"):
        engine.search(Query(words, more=(999,)))


def test_the_command_takes_marks(limn: Limn, colours: Path) -> None:
    limn("index", colours)
    found = json.loads(limn("search", "a wall", "-k", "8", "--json").stdout)
    ids = {Path(each["path"]).stem: str(each["id"]) for each in found}
    bent = json.loads(
        limn("search", "a wall", "--more", ids["blue"], "--less", ids["red"], "--json").stdout
    )
    stems = [Path(each["path"]).stem for each in bent]
    assert stems.index("blue") < 2 and "red" not in stems
    alone = limn("search", "--more", ids["blue"], "-k", "1").stdout
    assert "blue.jpg" in alone
    assert "marked both" in limn("search", "x", "--more", "1", "--less", "1", code=2).stderr
