"""The first page: tally, mosaics, examples, questions asked before, years and the newest."""

import re
import sqlite3
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from search.catalog.records import RunCounts
from search.engine import Engine
from search.facets.records import Dates, Value
from search.library.map_file import PictureMap, Region, write_map
from search.records import Caption
from search.settings import Settings
from tests.colour_web import (
    COLLECTION,
    coloured,
    settings_in,
    store,
    store_all,
    store_colours,
    store_described,
)
from web.app import create_app
from web.services.example_questions import ExampleQuestions
from web.services.overview import years_of

NAMES = ("red", "green", "blue", "yellow", "black", "white")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "data")


@pytest.fixture
def token_client(engine: Engine, settings: Settings) -> FlaskClient:
    """Return a client of a server that other machines can reach."""
    return create_app(engine, settings, "0.0.0.0").test_client()


def bearer(engine: Engine, scope: str) -> dict[str, str]:
    secret = engine.catalog.tokens.create(f"my {scope}", scope)  # type: ignore[arg-type]
    return {"Authorization": f"Bearer {secret}"}


def part(page: str, name: str) -> str:
    """Return the live part of a page."""
    begins = page.split(f'<div data-live="{name}"')[1]
    return re.split('<div data-live|<form id="mark"', begins)[0]


def pictures_of(html: str) -> list[int]:
    return [int(each) for each in re.findall(r"/pictures/(\d+)/thumbnail", html)]


def links(html: str) -> Iterator[str]:
    return (unescape(each) for each in re.findall(r'href="([^"]+)"', html))


def test_the_tally_counts_the_pictures_of_all_collections(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    store_colours(engine.catalog, tmp_path, ("red", "blue"))
    store(engine.catalog, tmp_path / "green.png", "green", collection="other")
    assert "<strong>3 pictures.</strong>" in client.get("/?lang=en").text
    assert "<strong>3 张图片。</strong>" in client.get("/?lang=zh").text


def test_a_collection_is_a_mosaic_that_leads_to_its_pictures(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    ids = store_colours(engine.catalog, tmp_path, NAMES)
    copy = store(engine.catalog, tmp_path / "again.png", "red", [Caption("a red wall")])
    store(engine.catalog, tmp_path / "green.png", "green", collection="Été & co")
    page = part(client.get("/").text, "collections")
    first, second = page.split('<li>\n      <a class="mosaic"')[1:]
    assert len(set(pictures_of(first))) == 4 and len(pictures_of(second)) == 1
    assert not {ids["red"], copy} <= set(pictures_of(first)), "a copy says nothing new"
    assert next(links(first)) == f"/?collection={COLLECTION}"
    assert f"/collections/{COLLECTION}" in links(first)
    assert client.get(next(links(second))).text.count('id="hit-') == 1


def test_a_mosaic_shows_pictures_of_different_minutes(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    for number in range(12):
        moment = f"2021-05-14T10:00:{number:02}" if number < 9 else f"2021-05-{number:02}T12:00:00"
        store(engine.catalog, tmp_path / f"{number}.png", f"rgb({number}, 9, 9)", taken_at=moment)
    shown = pictures_of(part(client.get("/").text, "collections"))
    days = {engine.picture(each).facts.taken_at for each in shown}
    assert len(shown) == 4 and sum("05-14" in str(day) for day in days) == 1


def test_a_sample_is_read_by_an_index(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    store_colours(engine.catalog, tmp_path, NAMES)
    statements: list[str] = []
    engine.catalog.on_statement(statements.append)
    sample = engine.catalog.picture_samples.draw(engine.catalog.collections.one(COLLECTION), 4)
    assert len(set(sample)) == 4
    [statement] = [text for text in statements if "path_hash" in text]
    with sqlite3.connect(settings.data_dir / "limn.db") as database:
        plan = str(database.execute(f"EXPLAIN QUERY PLAN {statement}", (1, 4, 0)).fetchall())
    database.close()
    assert "USING INDEX" in plan and "TEMP B-TREE" not in plan, plan


def test_what_is_missing_failed_or_at_work_is_told_in_words(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    store_colours(engine.catalog, tmp_path, NAMES)
    catalog = engine.catalog
    job = catalog.jobs.start(catalog.collections.one(COLLECTION), "index", tmp_path)
    catalog.jobs.update(job, RunCounts(found=9, added=6), total=9)
    catalog.jobs.ask("coming", "index", {"sources": ["/x"], "name": "coming"})
    page = part(client.get("/?lang=en").text, "collections")
    assert "6 of 9" in page and "not there yet" in page
    assert "/collections/coming" in links(page) and "/?collection=coming" not in links(page)
    catalog.jobs.update(job, RunCounts(found=9, added=6), "failed", message="no room")
    page = part(client.get("/?lang=en").text, "collections")
    assert re.search(r'class="alarm">It failed: <span[^>]*>no room', page)


def test_examples_are_chosen_once_and_each_finds_its_picture(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    ids = store_colours(engine.catalog, tmp_path, NAMES)
    first = part(client.get("/").text, "examples")
    assert 'data-fill="/examples"' in first and "/?q=" not in first, "the page does not wait"
    fragment = client.get("/examples").text
    assert fragment.strip() in part(client.get("/").text, "examples")
    addresses = list(links(fragment))
    assert addresses and len(addresses) == len(set(addresses)) <= 6
    for address, shown in zip(addresses, pictures_of(fragment), strict=True):
        hits = re.findall(r'id="hit-1" data-picture-id="(\d+)"', client.get(address).text)
        assert hits == [str(shown)]
    engine.remove(COLLECTION)
    store(engine.catalog, tmp_path / "other.png", "grey", collection="other")
    assert not set(ids.values()) & set(pictures_of(part(client.get("/").text, "examples")))


def test_examples_speak_the_language_of_the_page(engine: Engine, tmp_path: Path) -> None:
    both = [Caption("a red wall"), Caption("红色的墙", "zh")]
    store(engine.catalog, tmp_path / "red.png", "red", both)
    store(engine.catalog, tmp_path / "x.png", "blue", [Caption("a long caption " * 9)])
    examples = ExampleQuestions(engine)
    assert [each.q for each, _ in examples.choose("en")] == ["a red wall"]
    assert [each.q for each, _ in examples.choose("zh")] == ["红色的墙"]


def test_without_captions_dates_and_map_there_are_no_examples(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    store(engine.catalog, tmp_path / "IMG_1.png", "red")
    assert client.get("/examples").text.strip() == ""
    page = client.get("/").text
    for name in ("examples", "questions", "map"):
        assert "<nav" not in part(page, name) and "<section" not in part(page, name)
    assert 'class="years"' not in page and "By time" not in page and "Newest" in page


def test_examples_are_chosen_again_after_changes(engine: Engine, tmp_path: Path) -> None:
    store_colours(engine.catalog, tmp_path, ("red",))
    examples = ExampleQuestions(engine, rest_s=0)
    [(before, _)] = examples.choose("en")
    assert examples.current("en") is not None
    store(engine.catalog, tmp_path / "sea.png", "blue", [Caption("the open sea")])
    assert examples.current("en") is None
    assert {each.q for each, _ in examples.choose("en")} == {before.q, "the open sea"}


def test_places_tags_and_years_are_examples_too(engine: Engine, tmp_path: Path) -> None:
    sets = {"city": "San Sebastian", "tags": "harvest"}
    more = coloured(tmp_path / "a.png", "red", fields=sets, taken_at="2019-05-04T10:00:00")
    last = coloured(tmp_path / "b.png", "blue", fields=sets, taken_at="2019-06-04T10:00:00")
    third = coloured(tmp_path / "c.png", "green", fields=sets, taken_at="2019-07-04T10:00:00")
    store_all(engine.catalog, [more, last, third])
    shown = {each.words: each.q for each, _ in ExampleQuestions(engine).choose("en")}
    assert shown.get("San Sebastian") == 'city:"San Sebastian"', shown


def test_recent_questions_are_shown_to_those_alone_who_may_see_them(
    client: FlaskClient, token_client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    store_colours(engine.catalog, tmp_path, NAMES)
    engine.catalog.saved_searches.save("walls of mine", "q=red&sort=name")
    client.get("/?q=an+old+gate")
    questions = part(client.get("/").text, "questions")
    assert list(links(questions)) == ["/?q=an+old+gate", "/?q=red&sort=name"]
    reader, keeper = bearer(engine, "read"), bearer(engine, "admin")
    token_client.get("/?q=a+secret+party", headers=reader)
    assert "a secret party" not in token_client.get("/", headers=reader).text
    assert "walls of mine" in token_client.get("/", headers=reader).text
    assert "a secret party" in token_client.get("/", headers=keeper).text


def test_a_bar_of_the_years_leads_to_its_pictures(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    store_described(engine.catalog, tmp_path)
    page = part(client.get("/?lang=en").text, "newest")
    assert page.index("January 2021") < page.index("May 2019") < page.index("Without a date")
    bars = re.findall(r'<a class="bar-of" href="([^"]+)" title="([^"]+)"', page)
    assert [title for _, title in bars] == ["January 2021: 1 picture", "May 2019: 1 picture"]
    for address, _ in bars:
        assert client.get(unescape(address)).text.count('id="hit-') == 1
    assert "Undated: 1<" in page
    assert client.get("/?where=not+has+%3D+date").text.count('id="hit-') == 1
    everything = list(links(page))[-1]
    assert client.get(everything).text.count('id="hit-') == 3


def test_the_newest_open_with_their_neighbours_and_can_be_selected(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    store_described(engine.catalog, tmp_path)
    page = client.get("/?lang=en").text
    assert 'id="select"' in page and 'id="mark"' in page
    newest = part(page, "newest")
    second = re.search(r'id="hit-2".*?href="([^"]+)"', newest, re.S)
    assert second is not None and "2 of 3" in client.get(unescape(second[1])).text


def test_years_are_bars_by_month_or_by_year() -> None:
    months = Dates("month", "", "", (Value("2020-12", 1), Value("2021-01", 0), Value("2021-02", 4)))
    latest, earlier = years_of(months)
    assert [(bar.value, bar.height) for bar in latest.bars] == [("2021-02", 100), ("2021-01", 0)]
    assert (earlier.value, earlier.bars[0].height) == ("2020", 25)
    days = Dates("day", "", "", (Value("2021-02-03", 1), Value("2021-02-04", 2)))
    assert [(bar.value, bar.pictures) for bar in years_of(days)[0].bars] == [("2021-02", 3)]
    years = Dates("year", "", "", (Value("1990", 1), Value("1991", 0), Value("2021", 2)))
    assert [year.value for year in years_of(years)] == ["2021", "1990"]


def test_the_map_of_the_largest_collection_is_drawn(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    ids = store_colours(engine.catalog, tmp_path, NAMES)
    collection = engine.catalog.collections.one(COLLECTION)
    names = {"en": "walls", "zh": "墙"}
    regions = tuple(Region(0.2, 0.9, 6, level, names, (ids["red"],)) for level in (0, 1))
    last = engine.catalog.changes.last(collection.id)
    epoch = engine.catalog.changes.epoch_at(collection.id, last)
    places = np.linspace(0.1, 0.9, 12, dtype=np.float32).reshape(6, 2)
    drawn = PictureMap(last, np.array(list(ids.values())), places, regions, epoch)
    write_map(engine.map_file(collection), drawn)
    card = part(client.get("/?lang=zh").text, "map")
    assert f"/collections/{COLLECTION}/map" in links(card) and ">墙</text>" in card
    assert pictures_of(card) == [ids["red"]] and card.count("h0M") == 5
    assert "NaN" not in card


def test_with_nothing_indexed_files_can_be_dropped_by_those_who_may(
    client: FlaskClient, token_client: FlaskClient, engine: Engine
) -> None:
    page = client.get("/?lang=en").text
    assert "Drop pictures or a folder here" in page and "limn index ~/Pictures" in page
    assert 'name="name" value="My pictures"' in page and "pictures.</strong>" not in page
    reader = token_client.get("/", headers=bearer(engine, "read")).text
    assert 'class="dropbox"' not in reader and "limn index ~/Pictures" in reader


def test_an_order_alone_shows_all_pictures(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    store_colours(engine.catalog, tmp_path, NAMES)
    assert client.get("/?sort=-date").text.count('id="hit-') == len(NAMES)
