"""The map of a collection: made by the command or a job, sent by the API, moved on the page."""

import json
import re
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
    from playwright.sync_api import Browser

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


@pytest.mark.browser
def test_the_map_is_moved_a_picture_opened_and_some_chosen(
    browser: "Browser", tmp_path: Path
) -> None:
    settings = settings_in(tmp_path / "data")
    with opened(settings) as (engine, _):
        store_shades(engine, tmp_path / "pictures")
        [collection] = engine.collections()
        make_map(engine, collection, lambda _: None)
    with served(tmp_path / "data") as (_, url):
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        said: list[str] = []
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{url}collections/{COLLECTION}/map")
        page.locator("[data-ready='90']").wait_for()
        canvas = page.get_by_role("application")
        box: Any = canvas.bounding_box()
        page.get_by_role("button", name="Lasso").click()
        across, up = (0.02, 0.98, 0.98, 0.02), (0.2, 0.2, 0.98, 0.98)
        for number, (x, y) in enumerate(zip(across, up, strict=True)):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
            if not number:
                page.mouse.down()
        page.mouse.up()
        told = page.locator(".chosen [data-count]").inner_text()
        assert int(re.findall(r"\d+", told)[0]) > 20
        with page.expect_download() as download:
            page.get_by_role("button", name="Export").click()
        assert download.value.suggested_filename == "pictures.zip"
        page.get_by_label("Words to search within").fill("red")
        where = page.locator("[name=where]").input_value()
        assert re.fullmatch(r"id = [\d,-]+", where)
        page.get_by_role("button", name="Clear the selection").click()
        page.get_by_role("button", name="Lasso").click()
        canvas.focus()
        page.keyboard.press("ArrowLeft")
        page.mouse.wheel(0, -300)
        page.keyboard.press("0")
        for _ in range(30):
            page.keyboard.press("-")
        page.keyboard.press("Enter")
        assert said == []
        if AXE:
            page.goto(f"{url}collections/{COLLECTION}/map")
            assert found_by_axe(page) == []
            page.set_viewport_size({"width": 360, "height": 700})
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.close()


def _work(engine: Engine, settings: Settings) -> None:
    Worker(engine, settings, PlainProgress()).once()


def _json(client: "FlaskClient", address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.json
