"""Concepts and marks: saved by name, searched, combined, shared, and restored elsewhere."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec import to_builtins
from msgspec.json import encode
from PIL import Image

from search.bootstrap import open_engine
from search.catalog.records import Concept, ConceptMark
from search.concepts import export_concept, keep, read_concept
from search.engine import Engine
from search.errors import BadQuery, BadSource, NameTaken, NotFound, SpaceMismatch
from search.query.records import ConceptTerm, IndexedTerm, PictureTerm, Query, TextTerm
from search.query.syntax import parse_query_text
from tests.conftest import Limn
from tests.tiny_index import run_index, settings_at

pytestmark = pytest.mark.slow


@pytest.fixture
def engine(tmp_path: Path, database_url: str, colours: Path) -> Iterator[Engine]:
    with open_engine(settings_at(tmp_path / "data", database_url)) as engine:
        run_index(engine.catalog, colours)
        yield engine


@pytest.fixture
def ids(engine: Engine) -> dict[str, int]:
    hits = engine.search(Query((TextTerm("red"),), k=8))
    return {hit.picture.path.stem: hit.picture.id for hit in hits}


def stems(engine: Engine, query: Query) -> list[str]:
    return [hit.picture.path.stem for hit in engine.search(query)]


def named(name: str, weight: float = 1.0) -> ConceptTerm:
    return ConceptTerm(name, weight)


def test_a_concept_is_searched_combined_and_turned_around(
    engine: Engine, ids: dict[str, int]
) -> None:
    keep(engine, "warm", Query((), more=(ids["red"], ids["orange"]), less=(ids["blue"],)))
    assert set(stems(engine, Query((named("warm"),), k=2))) == {"red", "orange"}
    mixed = stems(engine, Query((named("warm", 0.5), TextTerm("a yellow wall")), k=8))
    assert mixed[0] == "yellow"
    away = stems(engine, Query((TextTerm("a wall"), named("warm", -1.0)), k=8))
    assert not {"red", "orange"} & set(away[:4])
    assert stems(engine, Query((named("warm"),), more=(ids["red"],), k=1)) == ["red"]


def test_what_a_question_holds_becomes_its_words_and_marks(
    engine: Engine, ids: dict[str, int]
) -> None:
    terms = (TextTerm("a wall", 0.5), IndexedTerm(ids["red"]), IndexedTerm(ids["black"], -1.0))
    first = keep(engine, "first", Query(terms, more=(ids["blue"],)))
    assert first.words == (TextTerm("a wall", 0.5),)
    assert {(each.file, each.more) for each in first.marks} == {
        ("blue.jpg", True),
        ("red.jpg", True),
        ("black.jpg", False),
    }
    second = keep(engine, "second", Query((named("first"),), less=(ids["red"],)))
    assert second.words == (TextTerm("a wall", 0.5),)
    assert {each.file for each in second.marks} == {"blue.jpg", "red.jpg", "black.jpg"}
    assert [each.name for each in engine.catalog.concepts.all()] == ["first", "second"]


def test_names_are_taken_once_and_must_be_writable(engine: Engine, ids: dict[str, int]) -> None:
    red = Query((), more=(ids["red"],))
    keep(engine, "红色-1", red)
    with pytest.raises(NameTaken, match="红色-1"):
        keep(engine, "红色-1", red)
    keep(engine, "红色-1", Query((), more=(ids["blue"],)), overwrite=True)
    assert stems(engine, Query(tuple(parse_query_text("concept:红色-1")), k=1)) == ["blue"]
    for wrong in ("two words", "", "a:b", "x" * 81):
        with pytest.raises(BadQuery, match="can't be named"):
            keep(engine, wrong, red)
    with pytest.raises(BadQuery, match="index it, and mark it"):
        keep(engine, "sent", Query((PictureTerm(b"..."),), more=(ids["red"],)))
    engine.catalog.concepts.remove("红色-1")
    with pytest.raises(NotFound, match="none yet"):
        engine.search(Query((named("红色-1"),)))
    with pytest.raises(NotFound):
        engine.catalog.concepts.remove("红色-1")


@pytest.mark.slow
def test_another_catalog_takes_a_concept_and_finds_the_same(
    engine: Engine, ids: dict[str, int], tmp_path: Path
) -> None:
    keep(engine, "warm", Query((TextTerm("wall"),), more=(ids["red"], ids["orange"])))
    document = encode(export_concept(engine.catalog.concepts.one("warm")))
    others = tmp_path / "others"
    others.mkdir()
    for name in ("tomato", "navy", "gray"):
        Image.new("RGB", (64, 64), name).save(others / f"{name}.jpg")
    with open_engine(settings_at(tmp_path / "other", f"sqlite:///{tmp_path / 'o.db'}")) as other:
        run_index(other.catalog, others)
        other.catalog.concepts.keep(read_concept(document))
        assert stems(other, Query((named("warm"),), k=3))[0] == "tomato"
        again = export_concept(other.catalog.concepts.one("warm"))
    assert encode(again) == document


def test_in_another_space_it_is_made_again_of_its_pictures(
    engine: Engine, ids: dict[str, int]
) -> None:
    keep(engine, "warm", Query((), more=(ids["red"], ids["orange"])))
    made = engine.catalog.concepts.one("warm")
    elsewhere = {"another-space": np.eye(1, 7, dtype=np.float32)[0]}
    foreign = Concept("foreign", made.words, made.marks, elsewhere)
    engine.catalog.concepts.keep(foreign)
    assert stems(engine, Query((named("foreign"),), k=2)) == stems(
        engine, Query((named("warm"),), k=2)
    )
    gone = (ConceptMark("ab" * 16, True, "gone.jpg"),)
    engine.catalog.concepts.keep(Concept("lost", (), gone, elsewhere))
    with pytest.raises(SpaceMismatch, match=r"concept 'lost' was not made with tiny, and none"):
        engine.search(Query((named("lost"),)))
    engine.catalog.concepts.keep(Concept("half", (TextTerm("blue"),), gone, elsewhere))
    assert stems(engine, Query((named("half"),), k=1)) == ["blue"], "its words are left"


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "recipe"},
        {"version": 2},
        {"name": "two words"},
        {"words": [{"text": " ", "weight": 1}]},
        {"words": [{"text": "x", "weight": 0}]},
        {"marks": [{"content_hash": "xyz", "more": True}]},
        {"marks": [{"content_hash": "ab" * 16, "more": "yes"}]},
        {"vectors": [{"space": "s", "float16": "AAAA"}]},
        {"vectors": [{"space": "s", "float16": "not base64!"}]},
        {"vectors": None},
    ],
)
def test_documents_that_are_no_concepts_are_refused(change: dict[str, object]) -> None:
    concept = Concept("good", (TextTerm("x"),), (), {"s": np.eye(1, 4, dtype=np.float32)[0]})
    good = to_builtins(export_concept(concept))
    assert read_concept(json.dumps(good)).name == "good"
    for text in (json.dumps({**good, **change}), "[" * 10_000, "{}", "[]", b"\xff"):
        with pytest.raises(BadSource, match="no concept that can be imported"):
            read_concept(text)


def test_marks_are_kept_with_their_words_and_change_sides(
    engine: Engine, ids: dict[str, int]
) -> None:
    marks = engine.catalog.marks
    words = (TextTerm("a wall"), TextTerm("people", -0.5))
    assert marks.store(Query(words, more=(ids["red"],), less=(ids["blue"],))) == 2
    assert marks.store(Query(words, more=(ids["blue"],))) == 1
    assert [(each.words, each.more) for each in marks.all()] == [("a wall", True)] * 2
    with pytest.raises(NotFound, match="999"):
        marks.store(Query(words, more=(ids["green"], 999)))
    assert len(marks.all()) == 2
    assert marks.forget("a wall") == 2 and marks.all() == []


def test_the_commands_keep_list_share_and_search_concepts(
    limn: Limn, colours: Path, tmp_path: Path
) -> None:
    limn("index", colours)
    hits = json.loads(limn("search", "wall", "-k", "8", "--json").stdout)
    ids = {Path(each["path"]).stem: str(each["id"]) for each in hits}
    assert "no concept yet" in limn("concept", "list").stderr
    kept = limn("concept", "save", "sky", "--more", ids["blue"], "--less", ids["green"])
    assert "kept sky  1 more, 1 less" in kept.stdout
    assert "blue.jpg" in limn("search", "concept:sky", "-k", "1").stdout
    assert "red.jpg" in limn("search", "a red wall", "--minus", "concept:sky", "-k", "1").stdout
    assert "more   blue.jpg" in limn("concept", "show", "sky").stdout
    limn("concept", "export", "sky", tmp_path / "sky.json")
    assert "already" in limn("concept", "import", tmp_path / "sky.json", code=1).stderr
    limn("concept", "remove", "sky")
    assert "there is no concept 'sky'" in limn("search", "concept:sky", code=1).stderr
    limn("concept", "import", tmp_path / "sky.json")
    assert "blue.jpg" in limn("search", "concept:sky", "-k", "1").stdout
    assert (
        "kept 2 marks"
        in limn("mark", "add", "the sky", "--more", ids["blue"], "--less", ids["red"]).stdout
    )
    assert limn("mark", "list").stdout.count("the sky") == 2
    assert "name the words" in limn("mark", "forget", code=2).stderr
    assert "forgot 2" in limn("mark", "forget", "the", "sky").stdout
