"""Queries without terms: the newest first; and the reason for an empty answer."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from flask.testing import FlaskClient

from search.engine import Engine
from search.errors import BadQuery
from search.query.filters.contradictions import contradiction, format_contradiction
from search.query.filters.grammar import parse
from search.query.records import Query, TextTerm
from tests.colour_web import opened, settings_in, store
from tests.conftest import Limn
from web.services.result_cache import ResultCache

DAYS = {"red": "2019-03-01", "green": "2021-05-14", "blue": "2020-01-01"}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[tuple[Engine, FlaskClient]]:
    """Index three pictures with dates, and one without a date in another collection."""
    with opened(settings_in(tmp_path / "data")) as (engine, client):
        for colour, day in DAYS.items():
            store(engine.catalog, tmp_path / f"{colour}.png", colour, taken_at=f"{day}T10:00:00")
        store(engine.catalog, tmp_path / "black.png", "black", collection="others")
        yield engine, client


def names(engine: Engine, query: Query) -> list[str]:
    return [hit.picture.path.stem for hit in engine.search(query)]


def test_the_newest_come_first_as_taken_or_else_as_indexed(
    app: tuple[Engine, FlaskClient],
) -> None:
    engine, _ = app
    assert names(engine, Query((), ("colours",))) == ["green", "blue", "red"]
    assert names(engine, Query((), ("others", "colours"), k=2)) == ["black", "green"]
    assert names(engine, Query((), where=parse("date >= 2020"))) == ["green", "blue"]
    assert names(engine, Query((), ("colours",), offset=1, k=1)) == ["blue"]
    [hit] = engine.search(Query((), ("others",)))
    assert (hit.measure, hit.score, hit.cosine, hit.matches) == ("none", 0.0, None, ())
    with pytest.raises(BadQuery, match="give words, a picture, a filter or a collection"):
        engine.search(Query(()))
    with pytest.raises(BadQuery, match="nothing is asked that leads anywhere"):
        engine.vectors_of(Query((), ("colours",)))


def test_the_api_and_the_command_line_show_the_newest_too(
    app: tuple[Engine, FlaskClient], limn: Limn
) -> None:
    _, client = app
    answer = client.get("/api/v1/search?where=date+>%3D+2020&k=1").json
    assert answer is not None and answer["more"]
    [first] = answer["hits"]
    assert first["path"].endswith("green.png") and first["measure"] == "none"
    following = client.get(f"/api/v1/search?where=date+>%3D+2020&k=1&cursor={answer['next']}").json
    assert following is not None and following["hits"][0]["path"].endswith("blue.png")
    posted = client.post("/api/v1/search", json={"terms": [], "collections": ["others"]}).json
    assert posted is not None and len(posted["hits"]) == 1
    lines = limn("search", "--collection", "colours", "-k", "2").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [["1", "2021-05-14"], ["2", "2020-01-01"]]
    assert json.loads(limn("search", "-w", "width > 9000", "--json").stdout) == []


def test_the_page_shows_a_collection_or_what_passes_a_filter(
    app: tuple[Engine, FlaskClient],
) -> None:
    _, client = app
    page = client.get("/?collection=colours&lang=en").text
    assert "colours</h1>" in page and "Newest first" in page and page.count('id="hit-') == 3
    assert "Save the word" not in page and "Save search" in page
    page = client.get("/?panel=1").text
    assert "All pictures</h1>" in page and page.count('id="hit-') == 4
    page = client.get("/?where=date+>%3D+2020").text
    assert page.index("green.png") < page.index("blue.png") and "red.png" not in page
    picture = client.get("/pictures/3?collection=colours&rank=2").text
    assert re.search(r"2 of \d", picture) and "Why it was found" not in picture
    assert "Find pictures by what they show" in client.get("/").text


def test_where_nothing_is_indexed_all_pictures_are_the_welcome_page(client: FlaskClient) -> None:
    for asked in ("panel=1", "where=width+>+9"):
        page = client.get(f"/?{asked}&lang=en")
        assert page.status_code == 200 and "No pictures yet" in page.text
    assert client.get("/?collection=colours&panel=1").status_code == 404


def test_the_shapes_and_the_tiles_are_those_of_the_answer(
    app: tuple[Engine, FlaskClient],
) -> None:
    _, client = app
    assert client.get("/shapes?collection=colours").json == {
        "ids": [2, 3, 1],
        "shapes": [150, 150, 150],
    }
    told = client.get("/tiles?collection=colours&start=2").json
    assert told is not None and list(told["tiles"]) == ["2", "3"]
    assert 'id="hit-2" data-picture-id="3"' in told["tiles"]["2"]
    assert client.get("/tiles?q=red&start=0").status_code == 400


def test_an_answer_that_is_scrolled_follows_the_collection(
    app: tuple[Engine, FlaskClient], tmp_path: Path
) -> None:
    engine, client = app
    assert len(client.get("/shapes?q=red&collection=others").json["ids"]) == 1  # type: ignore[index]
    store(engine.catalog, tmp_path / "grey.png", "grey", collection="others")
    assert len(client.get("/shapes?q=red&collection=others").json["ids"]) == 2  # type: ignore[index]


def test_an_answer_is_put_in_order_once_for_all_who_ask_and_let_go_with_age(
    app: tuple[Engine, FlaskClient],
) -> None:
    engine, _ = app
    orders, together = ResultCache(engine), Barrier(4)

    def ask(query: Query) -> int:
        together.wait(timeout=30)
        return id(orders.whole(query))

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, [Query((TextTerm("red"),))] * 4))) == 1
    for fresh_s, kept in ((60.0, 2), (0.0, 0)):
        orders = ResultCache(engine, fresh_s)
        for name in ("colours", "others"):
            orders.whole(Query((), (name,)))
        assert len(orders) == kept


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("id = 5-1", "id = 5-1 names none"),
        ("date >= 2020 and date < 2019", "date >= 2020 and date < 2019 exclude each other"),
        ("date > 2020 and date = 2020-12", "date > 2020 and date = 2020-12 exclude each other"),
        ("width > 9 and (height > 1 and width <= 9)", "width > 9 and width <= 9 exclude each"),
        ("size > 2MB and size < 1MB", "size > 2MB and size < 1MB exclude each other"),
        ("id = 1-3 and id = 4", "id = 1-3 and id = 4 exclude each other"),
        ("format = jpeg and format = PNG", "format = jpeg and format = PNG exclude each other"),
        ("id = 2-1 or (width > 2 and width < 1)", "id = 2-1 names none"),
    ],
)
def test_a_filter_that_nothing_can_pass_says_why(text: str, why: str) -> None:
    assert why in format_contradiction(contradiction(parse(text)))


@pytest.mark.parametrize(
    "text",
    [
        "date >= 2020 and date <= 2020",
        "date >= 2020 and date < 2021",
        "width >= 9 and width <= 9",
        "colour = red and colour = blue",
        "language = en and language = zh",
        "folder = /a and folder = /a/b",
        "not (width > 2 and width < 1)",
        "id = 5-1 or id = 2",
        "format = jpeg and format = JPEG",
        "width != 3 and width = 3 and height > 2",
        "rating > 3 and rating < 2",
        "width > 9 and (height > 1 and not width < 5)",
        "width > 2000 and (format = png and (width < 1000 or width > 3000))",
        "collection = A and collection != a",
    ],
)
def test_a_filter_that_something_may_pass_is_not_called_impossible(text: str) -> None:
    assert contradiction(parse(text)) == ()


def test_an_empty_answer_is_explained_and_long_words_are_told_all_the_same(
    app: tuple[Engine, FlaskClient],
) -> None:
    _, client = app
    words = "+".join(["dog"] * 300)
    answer = client.get(f"/api/v1/search?q={words}&where=id+%3D+5-1").json
    assert answer is not None and answer["hits"] == []
    assert answer["notes"] == ["no picture can pass the filter: id = 5-1 names none"]
    assert answer["cuts"][0]["characters"] == len(words)
    page = client.get(f"/?q={words}&where=id+%3D+5-1").text
    assert "No picture can pass these filters" in page and "id = 5-1 names none." in page
    assert "is longer than can be read" in page
    chinese = client.get("/?where=date+>%3D+2020+and+date+<+2019&lang=zh").text
    assert "date &gt;= 2020 与 date &lt; 2019 互相排斥" in chinese
    assert "No picture passes" in client.get("/?q=red&where=width+>+9000&lang=en").text


def test_copies_on_a_pictures_page_are_those_that_a_search_folds(
    app: tuple[Engine, FlaskClient], tmp_path: Path
) -> None:
    """Compare copies and folds: the tiny encoder sees colours alone, so equal ones are copies."""
    engine, client = app
    copy = store(engine.catalog, tmp_path / "again.png", "red", size=(192, 128))
    folded = engine.search(Query((), ("colours",), fold=True))
    hit = next(each for each in folded if copy in (each.picture.id, *each.copies))
    together = {hit.picture.id, *hit.copies}
    page = (
        client.get(f"/pictures/{copy}").text.partition('id="copies"')[2].partition("</section>")[0]
    )
    told = {each for each in (1, 2, 3) if re.search(rf'/pictures/{each}["?]', page)}
    assert told and told == together - {copy}
