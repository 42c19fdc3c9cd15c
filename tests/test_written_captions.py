"""Captions that people write in Limn: they come first, are searched, and survive the indexer."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from indexer.indexing.progress import PlainProgress
from indexer.indexing.request import Request
from indexer.indexing.run import run
from search.bootstrap import open_engine
from search.engine import Engine
from search.query.records import Query, TextTerm
from search.records import Caption
from tests.colour_web import settings_in, store
from web.app import create_app
from web.services.captions import write_caption

if TYPE_CHECKING:
    from playwright.sync_api import Page


def found(engine: Engine, words: str) -> list[int]:
    """Return the ids of pictures whose captions have the words, best first."""
    query = Query((TextTerm(words),), by=("words",))
    return [hit.picture.id for hit in engine.search(query) if hit.score > 0]


def test_a_caption_of_a_person_comes_first_and_is_found(engine: Engine, tmp_path: Path) -> None:
    own = [Caption("a red wall", "en"), Caption("红色的墙", "zh")]
    red = store(engine.catalog, tmp_path / "red.png", "red", own)
    store(engine.catalog, tmp_path / "blue.png", "blue", [Caption("a blue wall", "en")])
    write_caption(engine, red, "the barn of my grandfather", "en")
    captions = engine.picture(red).facts.captions
    assert [(each.text, each.origin) for each in captions] == [
        ("the barn of my grandfather", "written"),
        ("a red wall", "source"),
        ("红色的墙", "source"),
    ]
    assert found(engine, "barn")[:1] == [red] and found(engine, "红色")[:1] == [red]
    write_caption(engine, red, "the shed of my grandmother", "en")
    assert found(engine, "barn") == [] and found(engine, "shed")[:1] == [red]
    write_caption(engine, red, "", "en")
    assert engine.picture(red).facts.captions == tuple(own) and found(engine, "shed") == []


def test_it_survives_new_captions_and_a_new_content(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.new("RGB", (64, 48), "red").save(folder / "a.png")
    (folder / "a.txt").write_text("a red wall", encoding="utf-8")
    settings = settings_in(tmp_path / "data")
    request = Request.of((str(folder),), "walls")
    with open_engine(settings) as engine:
        run(engine, settings, request, PlainProgress())
        [picture_id] = found(engine, "wall")
        write_caption(engine, picture_id, "谷仓", "zh")
        (folder / "a.txt").write_text("a crimson wall", encoding="utf-8")
        run(engine, settings, request, PlainProgress())
        texts = [each.text for each in engine.picture(picture_id).facts.captions]
        assert texts == ["谷仓", "a crimson wall"]
        Image.new("RGB", (64, 48), "blue").save(folder / "a.png")
        run(engine, settings, request, PlainProgress())
        texts = [each.text for each in engine.picture(picture_id).facts.captions]
        assert texts == ["谷仓", "a crimson wall"] and found(engine, "谷仓") == [picture_id]


def test_the_api_writes_and_takes_back(client: FlaskClient, engine: Engine, tmp_path: Path) -> None:
    red = store(engine.catalog, tmp_path / "red.png", "red", [Caption("a red wall", "en")])
    address = f"/api/v1/pictures/{red}/captions"

    def written(**body: str) -> tuple[int, Any]:
        answer = client.patch(address, json=body)
        return answer.status_code, answer.json

    status, answer = written(text=" a barn ", language="en")
    assert status == 200
    assert [each["text"] for each in answer["captions"]] == ["a barn", "a red wall"]
    for body, why in (
        ({"text": "x" * 2_001}, "it may have 2,000"),
        ({"text": "x", "language": "English!"}, "is no code of a language"),
        ({"language": "en"}, "text"),
    ):
        status, answer = written(**body)
        assert status == 400 and why in answer["detail"]
    assert client.patch("/api/v1/pictures/999/captions", json={"text": "x"}).status_code == 404
    assert written(text="")[1]["captions"][0]["text"] == "a red wall"


def test_only_who_may_write_has_the_form(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    with open_engine(settings) as engine:
        red = store(engine.catalog, tmp_path / "red.png", "red")
        reads = engine.catalog.tokens.create("reader", "read")
        app = create_app(engine, settings, want_tokens=True)
        headers = {"Authorization": f"Bearer {reads}"}
        client = app.test_client()
        assert "data-caption" not in client.get(f"/pictures/{red}", headers=headers).text
        form = {"text": "mine", "language": "en"}
        assert (
            client.post(f"/pictures/{red}/caption", data=form, headers=headers).status_code == 403
        )
        assert engine.picture(red).facts.captions == ()


def test_a_refused_caption_comes_back(client: FlaskClient, engine: Engine, tmp_path: Path) -> None:
    red = store(engine.catalog, tmp_path / "red.png", "red")
    form = {"text": "long " * 500, "language": "en", "q": "red", "rank": "1"}
    answer = client.post(f"/pictures/{red}/caption", data=form)
    assert answer.status_code == 400 and "it may have 2,000" in answer.text
    assert "long long" in answer.text and 'aria-invalid="true"' in answer.text
    assert 'class="strip"' in answer.text or "1 of 1" in answer.text, "its place in the answer"


@pytest.mark.browser
def test_a_caption_is_written_in_the_viewer(page: "Page", address: str) -> None:
    page.goto(f"{address}?q=yellow")
    page.locator("#hit-1 .frame").click()
    viewer = page.get_by_role("dialog")
    viewer.get_by_text("Edit the caption").click()
    viewer.locator("[data-caption] textarea").fill("a lemon-coloured door")
    viewer.get_by_role("button", name="Save the caption").click()
    viewer.locator(".caption", has_text="a lemon-coloured door").wait_for()
    page.keyboard.press("Escape")
    page.goto(f"{address}?q=lemon-coloured")
    page.locator("#hit-1 .frame", has=page.get_by_alt_text("a lemon-coloured door")).wait_for()
    page.locator("#hit-1 .frame").click()
    viewer.get_by_text("Edit the caption").click()
    viewer.locator("[data-caption] textarea").fill("")
    viewer.get_by_role("button", name="Save the caption").click()
    viewer.locator(".caption", has_text="lemon").wait_for(state="detached")
