"""Two pairs of one collection compared: asked the same, and measured by captions."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from math import comb
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

from indexer.evaluation.compare import PairComparison, PairedRecall, measure_both
from indexer.evaluation.metrics import Measure, paired_difference, share
from indexer.evaluation.questions import asked_questions
from indexer.evaluation.side_by_side import recall_lines
from indexer.indexing.request import Request
from indexer.indexing.run import run
from indexer.indexing.upgrade import UpgradeRequest, upgrade
from search.bootstrap import open_engine
from search.catalog.database import tables as t
from search.catalog.database.vectors import from_blobs
from search.engine import Engine
from search.errors import SpaceMismatch
from search.query.records import IndexedTerm, Query, TextTerm
from search.records import Collection
from search.settings import Settings
from tests.commands import limn_command
from tests.raw_sql import database_of
from tests.tiny_index import Silent

pytestmark = pytest.mark.slow

PAIR = "tiny:96"
COLOURS = {
    "red": "#d71e23",
    "green": "#28962d",
    "blue": "#2346cd",
    "yellow": "#f5dc2d",
    "black": "#0c0c0c",
    "white": "#f5f5f5",
}
NO_QUESTIONS = {0: "", 1: "IMG_0001", 2: "a wall", 3: "a wall"}
"""Captions, by the pictures' numbers, of which none names one picture."""


@dataclass(frozen=True, slots=True)
class World:
    """A catalog with a collection that is embedded by two pairs, and the command line on it."""

    engine: Engine
    settings: Settings
    folder: Path

    def limn(self, *arguments: str, code: int = 0, columns: int = 80) -> list[str]:
        """Run the real command; return the lines of stdout, or of stderr where it fails."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LIMN_")},
            "LIMN_DATA_DIR": str(self.settings.data_dir),
            "COLUMNS": str(columns),
        }
        done = subprocess.run(
            limn_command(arguments), env=environment, capture_output=True, encoding="utf-8"
        )
        assert done.returncode == code, done.stderr
        return (done.stderr if code else done.stdout).splitlines()

    def index(self, folder: Path, name: str) -> None:
        request = Request.of((str(folder),), name, workers=1)
        run(self.engine, self.settings, request, Silent())

    def embed(self, name: str) -> None:
        """Embed a collection by the second pair, as a worker does."""
        request = UpgradeRequest(name, PAIR, workers=1)
        job_id = self.engine.upgrades.ask(name, PAIR, workers=1).id
        upgrade(self.engine, self.settings, request, job_id)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Yield 30 pictures of two colours; 26 captions name one, half of them badly embedded."""
    folder = tmp_path_factory.mktemp("world")
    names = [(left, right) for left in COLOURS for right in COLOURS if left != right]
    for number, (left, right) in enumerate(names):
        caption = NO_QUESTIONS.get(number, f"{left} at the left and {right} at the right")
        _picture(folder / "walls" / f"{left}-{right}.jpg", left, right, caption)
    environment = {"LIMN_DATA_DIR": str(folder / "data"), "LIMN_ENCODER": "tiny"}
    settings = Settings.from_environment(environment)
    with open_engine(settings, begin=True) as engine:
        world = World(engine, settings, folder)
        world.index(folder / "walls", "walls")
        world.embed("walls")
        _spoil_captions(engine)
        yield world


def _picture(path: Path, left: str, right: str, caption: str) -> None:
    path.parent.mkdir(exist_ok=True)
    picture = Image.new("RGB", (32, 32), COLOURS[left])
    picture.paste(COLOURS[right], (16, 0, 32, 32))
    picture.save(path, quality=95)
    if caption:
        path.with_suffix(".txt").write_text(caption, encoding="utf-8")


def _spoil_captions(engine: Engine) -> None:
    """Turn the stored embeddings of the last 15 captions around, in the second space alone."""
    second = engine.catalog.collections.one("walls").in_second_space().space
    e = t.caption_embedding
    with database_of(engine.catalog).write_transaction() as sql:
        rows = sql.execute(sa.select(e).where(e.c.space_id == second.id)).all()
        for row in sorted(rows)[-15:]:
            blob = (-np.frombuffer(row.vector, "<f2")).astype("<f2").tobytes()
            mine = (e.c.caption_id == row.caption_id) & (e.c.space_id == second.id)
            sql.execute(e.update().where(mine).values(vector=blob))


def _direct_ranks(engine: Engine, space_id: str) -> tuple[list[float], list[float]]:
    """Return the ranks of both directions, by a plain product of all stored vectors."""
    p, c, pe, ce = t.picture.c, t.caption.c, t.picture_embedding.c, t.caption_embedding.c
    pictures = sa.select(pe.picture_id, pe.vector).where(pe.space_id == space_id)
    captions = (
        sa.select(c.picture_id, ce.vector)
        .select_from(t.caption.join(t.caption_embedding))
        .where(ce.space_id == space_id, c.text.not_in(NO_QUESTIONS.values()))
        .order_by(p.id)
        .join(t.picture)
    )
    with database_of(engine.catalog).read_transaction() as sql:
        by_id = {
            row.picture_id: row.vector for row in sql.execute(pictures.order_by(pe.picture_id))
        }
        rows = sql.execute(captions).all()
    width = len(rows[0].vector) // 2
    texts = from_blobs([row.vector for row in rows], width).astype(float)
    vectors = from_blobs(list(by_id.values()), width).astype(float)
    owners = [list(by_id).index(row.picture_id) for row in rows]
    to_picture, to_text = [], []
    for place, owner in enumerate(owners):
        cosines = vectors @ texts[place]
        to_picture.append(1 + float((cosines > cosines[owner] + 1e-9).sum()))
        cosines = texts @ vectors[owner]
        to_text.append(1 + float((cosines > cosines[place] + 1e-9).sum()))
    return to_picture, to_text


def test_the_figures_are_those_of_a_direct_computation(world: World) -> None:
    collection = world.engine.catalog.collections.one("walls")
    comparison = measure_both(world.engine, collection)
    assert comparison is not None and (comparison.captions, comparison.pictures) == (26, 30)
    for side, each in (("present", collection), ("other", collection.in_second_space())):
        ranks = _direct_ranks(world.engine, each.space.id)
        for recall, direct in zip(
            (comparison.text_to_picture, comparison.picture_to_text), ranks, strict=True
        ):
            for k in (1, 5, 10):
                measure: Measure = getattr(recall, side)[f"recall@{k}"]
                assert measure.value == pytest.approx(np.mean(np.array(direct) <= k))
                assert measure.low <= measure.value <= measure.high
    assert comparison.winner == "present"


def test_the_command_shows_both_answers_and_the_recall(world: World) -> None:
    lines = world.limn("compare", "walls", "red left", "green", "-k", "3")
    assert lines[:2] == ["present  tiny", f"other    {PAIR}"]
    place = lines.index("red left")
    sides = [line.replace("=", "= ").split("|") for line in lines[place + 2 : place + 5]]
    names = [{line[side].split()[-2] for line in sides} for side in (0, 1)]
    assert names[0] & names[1] and names[0] - names[1]
    for rank, line in enumerate(sides, 1):
        for hit in line:
            parts = hit.split()
            assert parts[0] == str(rank) and 0 <= float(parts[-1]) <= 1
            assert ("=" in parts) == (parts[-2] in names[0] & names[1])
    assert "tiny is better" in " ".join(lines) and f"{PAIR} is better" not in " ".join(lines)
    assert [line.split("  #")[0].strip() for line in lines[-2:]] == [
        "limn upgrade walls --switch",
        "limn upgrade walls --discard",
    ]
    assert all(len(line) <= 80 for line in lines)


def test_a_narrow_terminal_gets_answers_and_figures_below_each_other(world: World) -> None:
    lines = world.limn("compare", "walls", "red left", "-k", "2", columns=40)
    assert all(len(line) <= 40 for line in lines if not line.startswith("limn upgrade"))
    place = lines.index("red left")
    assert (lines[place + 1], lines[place + 4]) == ("present", "other")
    assert len([line for line in lines if line.startswith(("R@1 ", "R@5 ", "R@10 "))]) == 18


def test_json_is_one_document_and_questions_come_from_the_collection(world: World) -> None:
    document = json.loads("\n".join(world.limn("compare", "walls", "--json")))
    assert (document["state"], document["better"]) == ("ready", "present")
    assert [document[side]["encoder"] for side in ("present", "other")] == ["tiny", PAIR]
    assert len(document["questions"]) == 5
    for question in document["questions"]:  # by the pictures alone
        matches = {match["by"] for hit in question["other"] for match in hit["matches"]}
        assert matches == {"picture"}
        ids = [{hit["id"] for hit in question[side]} for side in ("present", "other")]
        assert set(question["in_both"]) == ids[0] & ids[1]
    recall = document["recall"]["text_to_picture"]
    assert recall["difference"]["recall@1"]["high"] < 0
    assert recall["present"]["recall@10"]["value"] == 1


def test_what_people_asked_is_asked_again(world: World) -> None:
    catalog = world.engine.catalog
    catalog.saved_searches.save("one", "q=a+red++wall&collection=walls")
    catalog.saved_searches.save("two", "q=green&collection=others")
    catalog.saved_searches.save("three", "collection=walls&where=id+%3D+1")
    catalog.saved_searches.save("four", "q=concept%3Agone+blue&collection=walls")
    catalog.marks.store(Query((TextTerm("yellow"),), more=(1,)))
    collection = catalog.collections.one("walls")
    assert asked_questions(catalog, collection, 5) == ["a red wall", "yellow"]
    assert asked_questions(catalog, collection, 1) == ["a red wall"]


def test_the_former_pair_answers_as_before_the_switch(world: World) -> None:
    queries = [
        Query((TextTerm("red left"),), ("walls",), k=9),
        Query((IndexedTerm(7),), ("walls",), k=9),
        Query((), ("walls",), k=9, more=(3,), less=(5,)),
    ]
    before = [world.engine.search(query) for query in queries]
    world.engine.upgrades.switch("walls")
    try:
        after = [list(world.engine.answer(query, second=True).hits) for query in queries]
        lines = world.limn("compare", "walls", "red")
    finally:
        world.engine.upgrades.back("walls")
    assert after == before
    assert [line.split()[3] for line in lines[-2:]] == ["--back", "--finish"]
    assert lines[:2] == [f"present  {PAIR}", "other    tiny"]


def test_a_switch_in_the_middle_of_a_query_mixes_no_spaces(world: World) -> None:
    query = Query((IndexedTerm(7),), ("walls",), k=9)
    before = world.engine.search(query)
    switches: list[Collection] = []

    def switch(statement: str) -> None:
        if "FROM picture_embedding" in statement and not switches:
            switches.append(world.engine.upgrades.switch("walls"))

    with open_engine(world.settings) as engine:
        assert engine.search(query) == before
        engine.catalog.on_statement(switch)
        assert engine.search(query) == before
        assert switches[0].space.encoder == PAIR
    world.engine.upgrades.back("walls")


def test_an_incomplete_pair_is_refused_and_without_captions_only_answers_are_shown(
    world: World,
) -> None:
    catalog, query = world.engine.catalog, Query((TextTerm("red"),), ("plain",))
    _picture(world.folder / "plain" / "one.jpg", "red", "blue", "")
    _picture(world.folder / "plain" / "two.jpg", "green", "blue", "")
    world.index(world.folder / "plain", "plain")
    with pytest.raises(SpaceMismatch, match="limn upgrade plain --encoder"):
        world.engine.answer(query, second=True)
    catalog.second_spaces.begin(catalog.collections.one("plain"), world.engine.encoder(PAIR).space)
    with pytest.raises(SpaceMismatch, match="not every picture"):
        world.engine.answer(query, second=True)
    assert "limn upgrade plain --discard" in world.limn("compare", "plain", code=1)[0]
    world.embed("plain")
    lines = world.limn("compare", "plain", "red")
    assert any("one.jpg" in line and "=" in line for line in lines)
    assert any("there is no recall to compare" in line for line in lines)
    assert not any("R@1" in line for line in lines)


@pytest.mark.parametrize("count", [12, 400])
@pytest.mark.parametrize("lost", [0, 1, 3])
@pytest.mark.parametrize("won", [0, 4, 5, 6, 7, 8, 9])
def test_a_pair_is_better_only_where_mcnemars_exact_test_says_so(
    won: int, lost: int, count: int
) -> None:
    other, present = np.zeros(count, bool), np.zeros(count, bool)
    other[:won], present[won : won + lost] = True, True
    ends = range(max(won, lost), won + lost + 1)
    p = 2 * sum(comb(won + lost, each) for each in ends) / 2 ** (won + lost)
    for hits, others in ((other, present), (present, other)):
        difference = paired_difference(hits, others)
        assert difference.low <= difference.value <= difference.high
        assert (difference.low > 0 or difference.high < 0) == (p < 0.05)
        figures = {f"recall@{k}": share(hits) for k in (1, 5, 10)}
        differences = dict.fromkeys(figures, difference)
        recall = PairedRecall(figures, figures, differences)
        text = "\n".join(recall_lines(PairComparison(count, count, recall, recall), ("A", "B"), 80))
        assert ("better" in text) == (p < 0.05)
        if p < 0.05:
            assert ("B is better" in text) == (difference.value > 0)


def test_the_interval_of_a_share_is_wilsons() -> None:
    measure = share(np.array([True] * 3 + [False] * 7))  # 3 of 10: Newcombe 1998
    assert (measure.low, measure.high) == pytest.approx((0.1078, 0.6032), abs=1e-4)
    assert share(np.ones(5, bool)).high == 1
