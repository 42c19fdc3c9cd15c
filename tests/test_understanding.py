"""Questions that are understood, through the engine, the API and the page."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from search.engine import Engine
from search.query.filters.grammar import parse
from search.query.records import Query, TextTerm
from tests.colour_web import store, store_described
from tests.typed import Typed


@pytest.fixture
def described(web: tuple[Engine, FlaskClient], tmp_path: Path) -> tuple[Engine, FlaskClient]:
    store_described(web[0].catalog, tmp_path / "pictures")
    return web


def names(engine: Engine, text: str, **more: object) -> list[str]:
    query = Query((TextTerm(text),), understand=True, **more)  # type: ignore[arg-type]
    return [hit.picture.path.stem for hit in engine.answer(query).hits]


def test_what_is_read_filters_and_the_rest_ranks(described: tuple[Engine, FlaskClient]) -> None:
    engine, _ = described
    assert names(engine, "2019") == ["red"]
    assert names(engine, "since 2019") == ["blue", "red"]
    assert names(engine, "canon") == ["red"]
    assert names(engine, "nikon d5, wall") == ["blue"]
    assert names(engine, "who:Ann") == ["red"]
    assert names(engine, '"RED wall"') == names(engine, "“红色的墙”") == ["red"]
    assert names(engine, "wall, portrait") == ["tall"]
    assert names(engine, "rating:>3") == ["red"]
    assert set(names(engine, "2019", plain=("2019",))) == {"red", "blue", "tall"}
    assert set(names(engine, "wall without people")) == {"red", "blue", "tall"}
    answer = engine.answer(Query((TextTerm("red wall 2019"),), understand=True))
    [reading] = answer.readings
    assert (reading.kind, reading.text, reading.where) == ("date", "2019", "date = 2019")
    assert answer.hits[0].measure == "relevance"
    assert not engine.answer(Query((TextTerm("red wall 2019"),))).readings


def test_the_api_reads_only_when_it_is_asked_to(described: tuple[Engine, FlaskClient]) -> None:
    _, client = described
    plain = client.get("/api/v1/search?q=wall+2019").json
    assert plain and len(plain["hits"]) == 3 and plain["understood"] == []
    read = client.get("/api/v1/search?q=wall+2019&understand=true").json
    assert read and len(read["hits"]) == 1
    [reading] = read["understood"]
    assert reading == {
        **{"kind": "date", "text": "2019", "start": 5, "end": 9, "means": "date 2019"},
        **{"where": "date = 2019", "minus": [], "applied": True},
    }
    document = {"terms": [{"text": "wall 2019"}], "understand": True, "plain": ["2019"]}
    assert len(client.post("/api/v1/search", json=document).json["hits"]) == 3  # type: ignore[index]


def test_a_reading_is_a_chip_that_can_be_taken_back(
    described: tuple[Engine, FlaskClient],
) -> None:
    _, client = described
    page = client.get("/?q=wall+2019").text
    assert page.count('class="tile') == 1 and "date 2019" in page
    assert 'href="/?q=wall+2019&amp;plain=2019"' in page
    back = client.get("/?q=wall+2019&plain=2019").text
    assert back.count('class="tile') == 3 and 'name="plain" value="2019"' in back
    assert "date 2019" not in back
    assert 'name="plain"' not in client.get("/?q=wall&plain=2019").text
    offer = client.get("/?q=blue").text
    assert offer.count('class="tile') == 3 and "q=colour:blue" in offer
    nothing = client.get("/?q=wall+2001").text
    assert "No picture passes these filters" in nothing and "date 2001" in nothing
    newest = client.get("/?q=since+2019").text
    assert "Newest first" in newest
    assert "日期 2019" in client.get("/?q=wall+2019&lang=zh").text


def test_the_facets_count_what_passes_the_filters_of_the_words(
    described: tuple[Engine, FlaskClient],
) -> None:
    _, client = described
    for question, count in (
        ("since+2019", 2),
        ("since+2020", 1),
        ("since+2020&plain=since+2020", 0),
    ):
        page = client.get(f"/narrow/count?q={question}&strictness=wide").text
        assert (f"Show {count}" if count else "None left") in page


def test_the_command_line_names_what_it_read_on_stderr(typed: Typed, colours: Path) -> None:
    typed("index", colours)
    read = typed("search", "red without people")
    assert "understood: 'without people' as without people (--plain takes" in read.stderr
    plain = typed("search", "red without people", "--plain")
    assert "understood" not in plain.stderr and plain.stdout != read.stdout
    words = typed("search", "red without people", "--plain-words", "without people")
    assert "understood" not in words.stderr and words.stdout == plain.stdout
    offer = typed("search", "blue").stderr
    assert "'blue' was taken as words; it may also mean: --where 'colour = blue'" in offer


def test_names_of_files_and_folders_are_found_from_the_same_box(
    web: tuple[Engine, FlaskClient], tmp_path: Path
) -> None:
    engine, _ = web
    folder = tmp_path / "pictures"
    for name in (
        "holidays/rome/IMG_2019_03",
        "holidays/oslo/IMG_2019_04",
        "work/desk",
        "work/猫咪",
    ):
        store(engine.catalog, folder / f"{name}.png", "blue", camera="Canon EOS 5D")
    for text, first in (
        ("holidays rome", "IMG_2019_03"),
        ("IMG_2019_04", "IMG_2019_04"),
        ("desk", "desk"),
        ("猫咪", "猫咪"),
    ):
        hits = engine.answer(Query((TextTerm(text),))).hits
        assert hits[0].picture.path.stem == first
        assert "name" in [match.by for match in hits[0].matches], text
        assert "name" not in [match.by for match in hits[-1].matches], text
        assert hits[0].confidence is not None and hits[-1].confidence is not None
        assert hits[0].confidence > hits[-1].confidence
    described = engine.answer(Query((TextTerm("a wooden desk near a window"),)))
    assert {hit.measure for hit in described.hits} == {"cosine"}, "one word of several is no name"
    everywhere = engine.answer(Query((TextTerm("pictures canon"),)))
    assert {hit.measure for hit in everywhere.hits} == {"cosine"}, "no picture differs by these"
    for where, count in (("name ~ img_2019", 2), ("path ~ ROME/", 1), ("name = desk.png", 1)):
        query = Query((), where=parse(where))
        assert len(engine.answer(query).hits) == count, where
    assert len(engine.answer(Query((), where=parse('exact ~ "猫"'))).hits) == 1
    assert not engine.answer(Query((), where=parse("has = film"))).hits
    engine.rename("colours", "journeys")
    store(engine.catalog, folder / "other.png", "blue", collection="else")
    hits = engine.answer(Query((TextTerm("journeys"),))).hits
    assert {hit.picture.collection for hit in hits if len(hit.matches) > 1} == {"journeys"}
