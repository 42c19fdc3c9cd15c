"""Pictures found by the text in them: first, with the line that matched, on every door."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from search.cli.output import print_hits
from search.engine import Engine
from search.query.records import Hit, Match, Query, TextTerm
from search.records import Caption
from tests.colour_web import COLLECTION, COLOURS, store, store_with_text

LINES = {
    "red": ("Riverside Clinic", "Invoice 4711", "Total 12.50"),
    "blue": ("一号会议室", "会议记录"),
    "black": ("the wall of a house that is red and green and yellow",),
}


@pytest.fixture
def ids(engine: Engine, tmp_path: Path) -> dict[str, int]:
    """Return the ids of pictures of one colour each, without captions; some with text."""
    pictures = {
        colour: store(engine.catalog, tmp_path / f"{colour}.png", colour) for colour in COLOURS
    }
    store_with_text(engine.catalog, {pictures[colour]: lines for colour, lines in LINES.items()})
    return pictures


def ask(engine: Engine, words: str, **more: object) -> list[Hit]:
    return engine.search(Query((TextTerm(words),), **more))  # type: ignore[arg-type]


def match_of(hit: Hit) -> Match | None:
    return next((match for match in hit.matches if match.by == "text"), None)


def test_what_is_written_is_found_first_with_its_line(
    engine: Engine, ids: Mapping[str, int]
) -> None:
    answers = {
        "invoice 4711": ("red", "Invoice 4711"),
        "Riverside": ("red", "Riverside Clinic"),
        "riversyde clinics": ("red", "Riverside Clinic"),
        "会议记录": ("blue", "会议记录"),
    }
    for words, (colour, text) in answers.items():
        first, *others = ask(engine, words)
        assert first.picture.id == ids[colour], words
        assert first.measure == "relevance"
        assert first.confidence is not None
        match = match_of(first)
        assert match is not None
        assert match.line is not None
        assert match.line.text == text
        assert all(match_of(hit) is None for hit in others)


def test_text_with_some_of_the_words_changes_nothing(
    engine: Engine, ids: Mapping[str, int]
) -> None:
    hits = ask(engine, "an invoice of a yellow wall")
    assert {hit.measure for hit in hits} == {"cosine"}
    assert hits == ask(engine, "an invoice of a yellow wall", by=("picture",))
    assert len(hits) == len(ids)


def test_text_alone_may_be_asked(engine: Engine, ids: Mapping[str, int]) -> None:
    [hit] = ask(engine, "invoice", by=("text",))
    assert hit.picture.id == ids["red"]
    assert not ask(engine, "nothing", by=("text",))


def test_text_joins_captions(engine: Engine, ids: Mapping[str, int], tmp_path: Path) -> None:
    captioned = store(
        engine.catalog, tmp_path / "tall.png", "green", [Caption("an invoice")], size=(60, 90)
    )
    hits = ask(engine, "invoice")
    assert {hit.picture.id for hit in hits[:2]} == {ids["red"], captioned}
    for hit in hits:
        assert sum(match.share for match in hit.matches) == pytest.approx(1, abs=1e-5)


def test_the_command_line_tells_the_line_and_its_place(
    engine: Engine, ids: Mapping[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    hits = ask(engine, "invoice 4711", k=1)
    print_hits(hits, explain=True)
    assert '"Invoice 4711" at 10% 20%' in capsys.readouterr().out


def test_the_api_tells_the_line_and_counts_pictures_with_text(
    client: FlaskClient, ids: Mapping[str, int]
) -> None:
    answer = client.get("/api/v1/search", query_string={"q": "invoice 4711", "k": 1}).get_json()
    [hit] = answer["hits"]
    [line] = [match["line"] for match in hit["matches"] if match["by"] == "text"]
    assert line == {"text": "Invoice 4711", "confidence": 0.98, "box": [0.1, 0.2, 0.5, 0.3]}
    facets = client.get(f"/api/v1/collections/{COLLECTION}/facets").get_json()
    assert facets["with_text"] == len(LINES)
    filtered = {"q": "a wall", "where": "has = text"}
    hits = client.get("/api/v1/search", query_string=filtered).get_json()["hits"]
    assert {each["id"] for each in hits} == {ids[colour] for colour in LINES}


def test_the_page_shows_the_line_and_its_box(client: FlaskClient, ids: Mapping[str, int]) -> None:
    page = client.get("/", query_string={"q": "invoice 4711", "panel": "text"}).get_data(
        as_text=True
    )
    assert "“Invoice 4711”" in page
    assert client.get("/?panel=text").text.count('value="has = text"') == 1
    address = {"q": "invoice 4711", "rank": 1}
    picture = client.get(f"/pictures/{ids['red']}", query_string=address).get_data(as_text=True)
    assert '<svg class="over" viewBox="0 0 96 64"' in picture
    assert picture.count('<rect class="box found"') == 1, "the line that matched"
    assert "Riverside Clinic" in picture


def test_a_line_shows_its_text_as_text(engine: Engine, client: FlaskClient, tmp_path: Path) -> None:
    picture_id = store(engine.catalog, tmp_path / "x.png", "red")
    store_with_text(engine.catalog, {picture_id: ("<script>alert(1)</script> marker99",)})
    page = client.get("/", query_string={"q": "marker99"}).get_data(as_text=True)
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
