"""Saved items of the page: marks, concepts, saved searches, boards; permissions, no script."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask.testing import FlaskClient

from search.catalog.catalog import Catalog
from search.engine import Engine
from search.errors import NameTaken, NotFound
from search.query.records import Query, TextTerm
from tests.colour_web import settings_in, store_colours
from web.app import create_app

if TYPE_CHECKING:
    from playwright.sync_api import Page


def alts(page: str) -> list[str]:
    return re.findall(r'class="shot"[^>]* alt="([^"]*)"', page, re.S)


@pytest.mark.slow
def test_a_mark_is_followed_kept_turned_and_taken_back(
    client: FlaskClient, engine: Engine, ids: dict[str, int]
) -> None:
    form = {"q": "a wall", "mark_more": str(ids["blue"])}
    marked = client.post("/mark", data=form)
    assert (marked.status_code, marked.headers["Location"]) == (
        303,
        f"/?q=a+wall&more={ids['blue']}",
    )
    page = client.get(marked.headers["Location"]).text
    assert "a blue wall" in alts(page)[:2]
    assert page.count("data-mark>") == 1 and 'aria-pressed="true"' in page
    [kept] = engine.catalog.marks.all()
    assert (kept.words, kept.more) == ("a wall", True)
    turned = {"q": "a wall", "more": str(ids["blue"]), "mark_less": str(ids["blue"])}
    address = client.post("/mark", data=turned).headers["Location"]
    assert address == f"/?q=a+wall&less={ids['blue']}"
    assert "a blue wall" not in alts(client.get(address).text)
    assert [each.more for each in engine.catalog.marks.all()] == [False]
    back = client.post("/mark", data={**form, "more": str(ids["blue"])}).headers["Location"]
    assert back == "/?q=a+wall"
    asked = client.post("/mark", data=form, headers={"Accept": "application/json"}).json
    assert asked == {"address": f"/?q=a+wall&more={ids['blue']}"}


def test_marks_alone_are_an_address(client: FlaskClient, ids: dict[str, int]) -> None:
    page = client.get(f"/?more={ids['red']}").text
    assert alts(page)[0] == "a red wall" and "Similar pictures" in page
    assert client.get("/?q=red&more=x").status_code == 400
    assert client.get("/?q=red&more=3&less=3").status_code == 400


def test_who_may_only_read_marks_without_leaving_a_trace(
    engine: Engine, ids: dict[str, int], tmp_path: Path
) -> None:
    client = create_app(engine, settings_in(tmp_path / "data"), "0.0.0.0").test_client()
    tokens = engine.catalog.tokens
    read = {"Authorization": f"Bearer {tokens.create('r', 'read')}"}
    write = {"Authorization": f"Bearer {tokens.create('w', 'write')}"}
    form = {"q": "a wall", "mark_more": str(ids["blue"]), "name": "mine"}
    assert client.post("/mark", data=form, headers=read).status_code == 303
    assert engine.catalog.marks.all() == []
    for address in ("/concepts", "/saved", "/boards", "/boards/1/move", "/saved/1/forget"):
        assert client.post(address, data=form, headers=read).status_code == 403, address
    assert client.delete("/api/v1/concepts/x", headers=read).status_code == 403
    marks = {"terms": [{"text": "a wall"}], "more": [ids["red"]]}
    assert client.post("/api/v1/marks", json=marks, headers=read).status_code == 403
    assert client.post("/api/v1/marks", json=marks, headers=write).json == {"stored": 1}
    elsewhere = {**write, "Sec-Fetch-Site": "cross-site"}
    assert client.post("/saved", data=form, headers=elsewhere).status_code == 403


@pytest.mark.slow
def test_a_concept_is_kept_searched_and_forgotten(client: FlaskClient, ids: dict[str, int]) -> None:
    form = {"q": "wall", "more": str(ids["blue"]), "less": str(ids["red"]), "name": "sky"}
    kept = client.post("/concepts", data=form)
    assert kept.headers["Location"] == "/?text=concept:sky"
    assert alts(client.get("/?text=concept:sky").text)[0] == "a blue wall"
    assert alts(client.get("/?q=concept:sky").text)[0] == "a blue wall"
    assert client.post("/concepts", data=form).status_code == 409
    assert client.post("/concepts", data={**form, "replace": "1"}).status_code == 303
    assert "1 more, 1 less" in client.get("/kept").text
    found = client.get("/api/v1/search?concept=sky&k=1").json
    assert found is not None and found["hits"][0]["id"] == ids["blue"]
    shared = client.get("/api/v1/concepts/sky").json
    assert client.delete("/api/v1/concepts/sky").status_code == 204
    assert client.get("/?text=concept:sky").status_code == 404
    again = client.post("/api/v1/concepts/import", json=shared)
    assert again.json is not None and again.json["name"] == "sky"
    client.post("/concepts/sky/forget")
    assert client.get("/api/v1/concepts").json == {"concepts": []}


@pytest.mark.slow
def test_a_search_is_saved_under_a_name(client: FlaskClient, ids: dict[str, int]) -> None:
    form = {"q": "red & blue", "more": str(ids["red"]), "name": "Évening"}
    assert client.post("/saved", data=form).headers["Location"] == "/kept#searches"
    assert client.post("/saved", data=form).status_code == 409
    assert client.post("/saved", data={"name": "nothing"}).status_code == 400
    page = client.get("/kept").text
    assert f'href="/?q=red+%26+blue&amp;more={ids["red"]}"' in page
    client.post("/saved/1/rename", data={"name": "Morning"})
    page = client.get("/kept").text
    assert "Morning" in page and "Évening" not in page
    assert client.post("/saved/1/rename", data={"name": " "}).status_code == 400
    client.post("/saved/1/forget")
    assert client.post("/saved/1/forget").status_code == 404


@pytest.mark.slow
def test_a_board_is_filled_ordered_noted_and_deleted(
    client: FlaskClient, engine: Engine, ids: dict[str, int]
) -> None:
    chosen = [str(ids[each]) for each in ("red", "green", "blue")]
    made = client.post("/boards", data={"name": "Walls", "id": chosen})
    assert made.headers["Location"] == "/boards/1"
    client.post("/boards", data={"board": "1", "id": [chosen[0], str(ids["black"])]})
    assert client.post("/boards", data={"name": "Walls", "id": chosen}).status_code == 409
    client.post("/boards/1/move", data={"picture": chosen[2], "place": "0"})
    client.post("/boards/1/note", data={"picture": chosen[1], "note": "grass <b>"})
    client.post("/boards/1/take-off", data={"picture": chosen[0]})
    page = client.get("/boards/1").text
    assert re.findall(r'id="picture-(\d+)"', page) == [chosen[2], chosen[1], str(ids["black"])]
    assert "grass &lt;b&gt;" in page and "3 pictures" in page
    assert 'action="/api/v1/export"' in page
    [collection] = engine.catalog.collections.all()
    engine.catalog.writer.remove(collection, [ids["black"]])
    assert "2 pictures" in client.get("/boards/1").text, "what is removed leaves its boards"
    client.post("/boards/1/rename", data={"name": "Colours"})
    assert "Colours" in client.get("/kept").text
    assert client.post("/boards/1/note", data={"picture": "999", "note": "x"}).status_code == 404
    assert (
        client.post("/boards/1/note", data={"picture": "1", "note": "x" * 2001}).status_code == 400
    )
    assert client.post("/boards/1/delete").status_code == 303
    assert client.get("/boards/1").status_code == 404


def test_boards_and_searches_are_the_same_in_both_databases(
    catalog: Catalog, tmp_path: Path
) -> None:
    red, blue = store_colours(catalog, tmp_path, ("red", "blue")).values()
    board = catalog.boards.create("one", [red, blue])
    with pytest.raises(NameTaken):
        catalog.boards.create("one")
    with pytest.raises(NotFound, match="there is no picture 99"):
        catalog.boards.create("two", [red, 99])
    assert catalog.boards.names() == {board: "one"}, "a board of what is gone is not made"
    catalog.boards.change(board, "one", order=[blue])
    catalog.boards.edit(board, red, note="a door")
    [told] = catalog.boards.page(9)
    assert (told, [each.note for each in catalog.boards.one(board)[1]]) == (
        catalog.boards.all()[0],
        ["", "a door"],
    )
    assert (told.pictures, told.cover, catalog.boards.page(9, after=board)) == (2, blue, [])
    saved = catalog.saved_searches.save("s", "q=x")
    with pytest.raises(NameTaken):
        catalog.saved_searches.save("s", "q=y")
    catalog.saved_searches.change(saved, name="t")
    assert (
        catalog.saved_searches.all()
        == catalog.saved_searches.page(9)
        == [catalog.saved_searches.one(saved)]
    )
    assert catalog.saved_searches.one(saved).name == "t"
    with pytest.raises(NotFound):
        catalog.marks.store(Query((TextTerm("x"),), more=(5,)))


@pytest.mark.browser
def test_marks_are_made_by_keys_and_the_selection_goes_on_a_board(
    page: "Page", address: str
) -> None:
    page.goto(f"{address}?q=a+wall")
    page.locator("#hit-3 .frame").focus()
    marked = page.locator("#hit-3").get_attribute("data-picture-id")
    page.keyboard.press("m")
    page.wait_for_url(f"**/?q=a+wall&more={marked}")
    page.locator("main:not([aria-busy])").wait_for()
    page.locator(f".tile[data-picture-id='{marked}']:focus-within").wait_for()
    page.keyboard.press("x")
    page.locator(".selection").wait_for()
    page.locator("#hit-2 .select").check()
    page.get_by_text("2 selected").first.wait_for()
    page.get_by_role("combobox", name="Words").fill("a blue wall")
    page.wait_for_url(f"**/?q=a+blue+wall&more={marked}")
    page.locator("main:not([aria-busy])").wait_for()
    page.locator("#hit-1 .select").check()
    page.keyboard.press("b")
    page.keyboard.type("By keys")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Open the board").click()
    page.wait_for_url("**/boards/*")
    note = page.get_by_role("textbox", name="Note on").first
    note.fill("nice")
    with page.expect_response("**/note"):
        note.blur()
    page.reload()
    assert note.input_value() == "nice"
