"""The page of one picture: films that play from their moment, and copies of the picture."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask.testing import FlaskClient

from indexer.indexing.progress import PlainProgress
from indexer.indexing.request import Request
from indexer.indexing.run import run
from search.settings import Settings
from tests import collections_of_every_kind as kinds
from tests.axe import AXE, found_by_axe
from tests.browsing import served
from tests.colour_web import opened, picture_bytes, settings_in
from tests.mixed_pictures import playable_film
from web.services.films import Moment

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def indexed(settings: Settings, folder: Path, *names: str) -> None:
    """Index a folder as collections of these names."""
    with opened(settings) as (engine, _):
        for name in names:
            run(engine, settings, Request.of((str(folder),), name), PlainProgress())


@pytest.mark.slow
def test_a_moment_is_told_and_its_film_sent_in_ranges(tmp_path: Path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    film = kinds.film(folder / "a film.mp4")
    (folder / "still.png").write_bytes(picture_bytes("green"))
    settings = settings_in(tmp_path / "data")
    indexed(settings, folder, "films")
    with opened(settings) as (engine, client):
        ids = {
            engine.picture(each).path.name: each
            for each in engine.catalog.pictures.by_id(range(1, 9))
        }
        blue = ids["0:00:02.000"]
        page = client.get(f"/pictures/{blue}").text
        assert f'src="/api/v1/pictures/{blue}/film#t=2.000"' in page
        assert "a film.mp4 at 0:02" in page
        asked = {"Range": "bytes=4-7"}
        with client.get(f"/api/v1/pictures/{blue}/film", headers=asked) as part:
            assert (part.status_code, part.mimetype) == (206, "video/mp4")
            assert part.data == film.read_bytes()[4:8]
        assert client.get(f"/api/v1/pictures/{ids['still.png']}/film").status_code == 404
        film.unlink()
        assert client.get(f"/api/v1/pictures/{blue}/film").status_code == 404
        assert "<video" not in client.get(f"/pictures/{blue}").text
    assert Moment(film, 3723.9).clock == "1:02:03"


@pytest.mark.slow
def test_copies_are_told_wherever_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, colour in (("one", "red"), ("two", "red"), ("three", "blue")):
        (folder / f"{name}.png").write_bytes(picture_bytes(colour))
    settings = settings_in(tmp_path / "data")
    indexed(settings, folder, "here", "there")
    with opened(settings) as (engine, client):
        [one] = [
            each.id
            for each in engine.catalog.pictures.by_id(range(1, 9)).values()
            if each.path.name == "one.png" and each.collection == "here"
        ]
        page = client.get(f"/pictures/{one}").text
        copies = page.partition('id="copies"')[2].partition("</section>")[0]
        assert copies.count("the same file") == 3, "one here, two there"
        assert "three.png" not in copies and "there ›" in copies
        similar = page.partition('class="near"')[2]
        assert "three.png" in similar and "two.png" not in similar


def test_its_place_is_that_in_the_answer_that_is_scrolled_through(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    form = {"q": "wall", "more": str(ids["blue"]), "less": str(ids["red"]), "name": "sky"}
    client.post("/concepts", data=form)
    scrolled = client.get("/shapes?text=concept:sky").json
    assert scrolled is not None and scrolled["ids"][0] == ids["blue"]
    form |= {"more": form["less"], "less": form["more"], "replace": "1"}
    client.post("/concepts", data=form)
    page = client.get(f"/pictures/{ids['blue']}?text=concept:sky&rank=1&lang=en").text
    assert f'rel="next" href="/pictures/{scrolled["ids"][1]}?' in page
    strip = page.partition('class="strip"')[2].partition("</nav>")[0]
    assert strip.count("<img") == len(scrolled["ids"]) and strip.count("aria-current") == 1


# Its length and its frames' size are known.
READY = """film => film.readyState >= 1 ||
  new Promise((known) => film.addEventListener("loadedmetadata", known))"""


@pytest.mark.browser
def test_a_film_plays_from_its_moment_or_its_frame_is_shown(
    browser: "Browser", tmp_path: Path
) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    playable_film(folder / "plays.webm")
    kinds.film(folder / "other.avi")
    indexed(settings_in(tmp_path / "data"), folder, "films")
    with opened(settings_in(tmp_path / "data")) as (engine, _):
        shots = {
            f"{each.path.parent.name} {each.path.name}": each.id
            for each in engine.catalog.pictures.by_id(range(1, 9)).values()
        }
    with served(tmp_path / "data") as (_, url):
        page = browser.new_page()
        page.goto(f"{url}pictures/{shots['plays.webm 0:00:01.000']}")
        film = page.locator("video")
        film.evaluate(READY)
        assert abs(film.evaluate("film => film.currentTime") - 1.0) < 0.2
        if AXE:
            assert found_by_axe(page) == []
        other = next(each for name, each in shots.items() if name.startswith("other.avi"))
        page.goto(f"{url}pictures/{other}")
        page.get_by_text("This browser can’t play the film").wait_for()
        assert page.locator("figure img").is_visible()
        page.close()
