"""The map of a collection: made by the command or a job, sent by the API, moved on the page."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from indexer.indexing.progress import PlainProgress
from indexer.indexing.worker import Worker
from indexer.mapping.make import make_map
from search.engine import Engine
from search.library.map_file import read_map
from search.settings import Settings
from tests.axe import AXE, found_by_axe
from tests.browsing import served
from tests.colour_web import COLLECTION, opened, settings_in, store
from tests.conftest import Limn

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from playwright.sync_api import Browser, Page

SHADES = 30


def store_shades(engine: Engine, folder: Path) -> None:
    """Index shades of red, of green and of blue."""
    for number in range(SHADES):
        for place, colour in enumerate(("red", "green", "blue")):
            parts = [4 * number if at == place else 2 * (number % 7) for at in range(3)]
            parts[place] = 255 - 3 * number
            path = folder / f"{colour}-{number}.png"
            store(engine.catalog, path, "rgb({}, {}, {})".format(*parts))


def test_alike_pictures_lie_together_and_the_map_outlives_a_restart(
    tmp_path: Path, limn: Limn
) -> None:
    settings = settings_in(tmp_path / "data")
    with opened(settings) as (engine, _):
        store_shades(engine, tmp_path / "pictures")
    told = limn("map", COLLECTION, "--json")
    regions = [json.loads(line) for line in told.stdout.splitlines()]
    assert {each["level"] for each in regions} == {0, 1}
    assert sum(each["pictures"] for each in regions if each["level"] == 0) == 3 * SHADES
    assert all(set(each["names"]) == {"en", "zh"} for each in regions)
    assert "90 pictures laid out" in told.stderr
    with opened(settings) as (engine, _):
        [collection] = engine.collections()
        made = read_map(engine.map_file(collection))
        assert made is not None and list(made.ids) == list(range(1, 3 * SHADES + 1))
        assert made.places.min() >= 0 and made.places.max() <= 1
        away = np.linalg.norm(made.places[:, None] - made.places[None], axis=2)
        np.fill_diagonal(away, np.inf)
        same = away.argmin(axis=1) % 3 == np.arange(3 * SHADES) % 3
        assert same.mean() > 0.9, "the nearest is of the same colour"


@pytest.mark.slow
def test_a_job_makes_the_map_and_the_api_tells_it(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    with opened(settings) as (engine, client):
        store_shades(engine, tmp_path / "pictures")
        address = f"/api/v1/collections/{COLLECTION}/map"
        assert "limn map" in client.get(address).text
        assert "There is no map yet" in client.get(f"/collections/{COLLECTION}/map").text
        asked = client.post(address)
        assert asked.status_code == 202 and client.post(address).json == asked.json, "asked once"
        _work(engine, settings)
        told = _json(client, address)
        assert (told["pictures"], told["stale"]) == (90, False)
        points = client.get(told["points"])
        ids = np.frombuffer(points.data, "<f8", 90)
        places = np.frombuffer(points.data, "<u2", 180, 8 * 90)
        assert list(ids) == list(range(1, 91)) and places.max() > 60_000
        kept = {"If-None-Match": points.headers["ETag"]}
        assert client.get(told["points"], headers=kept).status_code == 304
        store(engine.catalog, tmp_path / "more.png", "white")
        assert _json(client, address)["stale"] is True
        page = client.get(f"/collections/{COLLECTION}/map").text
        assert "Make it anew" in page and page.count('scope="row"') > 1
        chosen = _json(client, "/api/v1/search?q=red&where=id+%3D+1,4-6&k=10")
        assert {hit["id"] for hit in chosen["hits"]} == {1, 4, 5, 6}


@pytest.mark.slow
def test_a_collection_too_small_to_lay_out_has_a_map_all_the_same(tmp_path: Path) -> None:
    with opened(settings_in(tmp_path / "data")) as (engine, _):
        for number, colour in enumerate(("red", "blue", "green", "white", "black"), start=1):
            store(engine.catalog, tmp_path / f"{colour}.png", colour)
            [collection] = engine.collections()
            assert len(make_map(engine, collection, lambda _: None).ids) == number


def test_a_damaged_map_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "1.map").write_bytes(b"PK\x03\x04 and no more")
    assert read_map(tmp_path / "1.map") is None
    assert read_map(tmp_path / "2.map") is None


@pytest.mark.slow
def test_a_question_lights_what_answers_it_and_names_its_regions(tmp_path: Path) -> None:
    with opened(settings_in(tmp_path / "data")) as (engine, client):
        _store_map(engine, tmp_path / "pictures")
        asked = f"/collections/{COLLECTION}/map"
        assert 'data-lit=""' in client.get(asked).text
        ids = "id = 1,4,7-8"
        page = client.get(asked, query_string={"where": ids}).text
        assert _lit(page) == {1, 4, 7, 8} and "4 of 90 are chosen" in page
        counts = re.search(r'data-counts="([\d,]+)"', page)
        assert counts is not None
        regions = _json(client, f"/api/v1{asked}")["regions"]
        by_level: dict[int, int] = {0: 0, 1: 0}
        for region, count in zip(regions, map(int, counts[1].split(",")), strict=True):
            by_level[region["level"]] += count
        assert by_level == {0: 4, 1: 4}, "each picture lies in one region of each level"
        assert 'href="/?collection=colours&amp;where=id+%3D+1,4,7-8"' in page
        red = client.get(asked, query_string={"q": "red", "lang": "zh"}).text
        assert re.search(r"90 张中有 \d+ 张符合", red) and "以网格显示" in red
        answer = client.get("/", query_string={"where": ids, "lang": "en"}).text
        assert "<title>4 chosen on the map" in answer and "id:" not in answer
        answer = client.get("/", query_string={"where": ids, "lang": "zh"}).text
        assert '<h1 class="unseen">地图上选中的 4 张' in answer
        assert client.get(asked, query_string={"where": "colour = x"}).status_code == 400


@pytest.mark.browser
def test_what_matches_lights_up_while_it_is_typed_and_back_takes_it_back(
    map_page: "tuple[Page, str]",
) -> None:
    page, address = map_page
    page.goto(address)
    page.locator("[data-ready='90']").wait_for()
    drawn = page.locator(".dots").element_handle()
    page.locator("#q").press_sequentially("red")
    card = page.locator(".telling")
    card.get_by_text("of 90 show this").wait_for()
    assert page.url.endswith("/map?q=red") and page.locator("#q").input_value() == "red"
    assert page.evaluate("canvas => canvas.isConnected", drawn), "the map is not drawn anew"
    assert re.search(r"\d+ of 90 show this", page.locator("#told").inner_text())
    lit = page.evaluate(_LIT_PIXELS)
    assert lit > 50, "rings in the colour of what is lit"
    page.locator("#q").fill("")
    card.get_by_text("90 pictures").wait_for()
    assert page.evaluate(_LIT_PIXELS) < lit / 10
    page.locator("#q").fill("red")
    page.locator("#q").press("Enter")
    card.get_by_role("link", name="As a grid").click()
    page.locator(".grid .tile").first.wait_for()
    page.go_back()
    page.locator("[data-ready='90']").wait_for()
    assert "of 90 show this" in card.inner_text()
    page.locator(".best a").first.hover()
    page.locator(".best a").first.click()
    page.wait_for_url("**/pictures/**")


@pytest.mark.browser
def test_the_lasso_says_what_it_chose_in_words(map_page: "tuple[Page, str]") -> None:
    page, address = map_page
    page.goto(address)
    page.locator("[data-ready='90']").wait_for()
    page.get_by_role("button", name="Draw around").click()
    box: Any = page.get_by_role("application").bounding_box()
    across, up = (0.03, 0.9, 0.9, 0.03), (0.15, 0.15, 0.97, 0.97)
    for number, (x, y) in enumerate(zip(across, up, strict=True)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if not number:
            page.mouse.down()
    page.mouse.up()
    told = page.locator(".atlas .chosen [data-count]").inner_text()
    found = re.fullmatch(r"(\d+) pictures near “.+”", told)
    assert found is not None and int(found[1]) > 20, told
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    assert download.value.suggested_filename == "pictures.zip"
    assert re.fullmatch(r"id = [\d,-]+", page.locator(".atlas .chosen [name=where]").input_value())
    page.get_by_role("button", name="Show them").click()
    page.locator(".grid .tile").first.wait_for()
    words = f"{found[1]} chosen on the map"
    assert page.title().startswith(words)
    assert page.locator(".pills").get_by_text(words).is_visible()
    page.go_back()
    page.locator("[data-ready='90']").wait_for()
    assert page.locator(".atlas .chosen").is_hidden()


@pytest.mark.browser
def test_the_map_is_used_by_the_keyboard_alone(map_page: "tuple[Page, str]") -> None:
    page, address = map_page
    page.goto(address)
    page.locator("[data-ready='90']").wait_for()
    canvas = page.get_by_role("application")
    canvas.focus()
    for key in ("ArrowLeft", "ArrowUp", "+", "+", "-", "0"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.className") == "over"
    page.get_by_role("link", name="Regions as a list").focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#regions")
    page.get_by_role("button", name="Go there").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className") == "over"
    page.keyboard.press("Enter")
    page.wait_for_url("**/pictures/**")


@pytest.mark.browser
def test_two_fingers_zoom_the_map_and_one_moves_it(browser: "Browser", map_address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(map_address)
    page.locator("[data-ready='90']").wait_for()
    before = page.evaluate(_PICTURE)
    touch = context.new_cdp_session(page)

    def fingers(kind: str, *places: tuple[int, int]) -> None:
        points = [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", (150, 400))
    fingers("touchMove", (190, 440))
    fingers("touchEnd")
    moved = page.evaluate(_PICTURE)
    assert moved != before
    fingers("touchStart", (150, 400), (250, 500))
    fingers("touchMove", (100, 350), (300, 550))
    fingers("touchEnd")
    assert page.evaluate(_PICTURE) != moved
    assert page.url == map_address, "no finger opened a picture"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


@pytest.mark.browser
@pytest.mark.skipif(AXE is None, reason="axe-core is not installed")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_map_breaks_no_rule_of_accessibility(map_page: "tuple[Page, str]", theme: str) -> None:
    page, address = map_page
    for question in ("", "&q=red"):
        page.goto(f"{address}?theme={theme}{question}")
        page.locator("[data-ready='90']").wait_for()
        assert found_by_axe(page) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.browser
def test_without_a_script_the_map_is_a_list_of_regions(
    browser: "Browser", map_address: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{map_address}?q=red")
    assert page.get_by_text("of 90 show this").is_visible()
    assert page.locator("canvas").first.is_hidden()
    page.locator("#regions th a").first.click()
    assert page.locator(".grid .tile").count() > 1
    context.close()


# Pixels of the colour of what is lit, on the canvas of pictures: rgb(192, 120, 0).
_LIT_PIXELS = """async () => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const canvas = document.querySelector("canvas.over");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4)
    if (data[at] === 192 && data[at + 1] === 120 && data[at + 2] === 0) count++;
  return count;
}"""

# The canvas of names and pictures, as it is drawn after the next frame.
_PICTURE = """async () => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return document.querySelector("canvas.over").toDataURL();
}"""


@pytest.fixture(scope="module")
def map_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of the map of a served collection of shades."""
    folder = tmp_path_factory.mktemp("mapped")
    with opened(settings_in(folder / "data")) as (engine, _):
        _store_map(engine, folder / "pictures")
    with served(folder / "data") as (_, url):
        yield f"{url}collections/{COLLECTION}/map"


@pytest.fixture
def map_page(browser: "Browser", map_address: str) -> Iterator["tuple[Page, str]"]:
    """Yield a page, which must end without an error of a script, and the address of the map."""
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page, map_address
    page.close()
    assert said == []


def _store_map(engine: Engine, folder: Path) -> None:
    store_shades(engine, folder)
    [collection] = engine.collections()
    make_map(engine, collection, lambda _: None)


def _lit(page: str) -> set[int]:
    """Return the ids of the pictures that a page lights."""
    found = re.search(r'data-lit="([\d,]+)"', page)
    assert found is not None
    return set(map(int, found[1].split(",")))


def _work(engine: Engine, settings: Settings) -> None:
    Worker(engine, settings, PlainProgress()).once()


def _json(client: "FlaskClient", address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.json
