"""A board in a browser: arranged by mouse, finger and buttons; what is taken off comes back."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from search.bootstrap import open_engine
from tests.browsing import served
from tests.colour_web import settings_in, store_colours

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.browser]

# The boards, in the order of their ids: each test that changes one has its own.
BOARDS = ("mouse", "buttons", "finger", "off")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield a server of boards of the pictures 1 to 4."""
    folder = tmp_path_factory.mktemp("boards")
    with open_engine(settings_in(folder / "data")) as engine:
        colours = ("red", "green", "blue", "black")
        ids = list(store_colours(engine.catalog, folder / "pictures", colours).values())
        for name in BOARDS:
            board = engine.catalog.boards.create(name, ids)
            engine.catalog.boards.edit(board, ids[1], note="for the hall")
    with served(folder / "data") as (_, url):
        yield url


def order(page: "Page") -> list[str]:
    ids: list[str] = page.eval_on_selector_all(
        "[data-pinned]", "all => all.map(each => each.dataset.pinned)"
    )
    return ids


def open_board(page: "Page", address: str, name: str) -> None:
    page.goto(f"{address}boards/{BOARDS.index(name) + 1}")


def middle(page: "Page", what: str) -> tuple[float, float]:
    box = page.locator(what).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_picture_is_carried_to_another_place_by_the_mouse(page: "Page", address: str) -> None:
    open_board(page, address, "mouse")
    page.mouse.move(*middle(page, "#picture-1 img"))
    page.mouse.down()
    page.mouse.move(*middle(page, "#picture-3 img"), steps=8)
    with page.expect_response("**/move"):
        page.mouse.up()
    assert order(page) == ["2", "3", "1", "4"]
    assert page.url.endswith("/boards/1"), "the link of a picture that was carried is not followed"
    page.reload()
    assert order(page) == ["2", "3", "1", "4"]
    page.mouse.move(*middle(page, "#picture-4 img"))
    page.mouse.down()
    page.mouse.move(*middle(page, "#picture-2 img"), steps=8)
    assert order(page)[0] == "4"
    page.keyboard.press("Escape")
    page.mouse.up()
    assert order(page) == ["2", "3", "1", "4"]
    page.locator("#picture-4 img").click()
    page.wait_for_url("**/pictures/4")


def test_a_picture_is_carried_by_its_grip_with_a_finger(browser: "Browser", address: str) -> None:
    context = browser.new_context(
        viewport={"width": 700, "height": 900}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    open_board(page, address, "finger")
    session = context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in places]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", middle(page, "#picture-1 [data-grip]"))
    (x, y), (far_x, far_y) = middle(page, "#picture-1 [data-grip]"), middle(page, "#picture-2 img")
    for part in (0.3, 0.6, 1.0):
        touch("touchMove", (x + (far_x - x) * part, y + (far_y - y) * part))
    with page.expect_response("**/move"):
        touch("touchEnd")
    assert order(page) == ["2", "1", "3", "4"]
    context.close()


def test_the_buttons_move_without_leaving_the_page_and_keep_the_focus(
    page: "Page", address: str
) -> None:
    open_board(page, address, "buttons")
    note = page.get_by_role("textbox", name="Note on a red wall")
    note.type("half writ")  # and not yet saved
    later = page.get_by_role("button", name="Move a red wall towards the end")
    for place in (2, 3, 4):
        later.focus()
        page.keyboard.press("Enter")
        page.locator("#told", has_text=f"Now at place {place} of 4").wait_for()
    assert order(page) == ["2", "3", "4", "1"] and later.is_disabled()
    assert page.evaluate("document.activeElement.ariaLabel").endswith("towards the beginning")
    assert note.input_value() == "half writ"


def test_what_is_taken_off_comes_back_to_its_place_with_its_note(
    page: "Page", address: str
) -> None:
    page.clock.install()
    open_board(page, address, "off")
    for _ in range(2):
        page.get_by_role("button", name="Take a green wall off the board").click()
        page.get_by_text("Taken off the board: a green wall").wait_for()
        assert order(page) == ["1", "3", "4"]
        page.locator(".heading > p", has_text="3 pictures").wait_for()
        page.get_by_role("button", name="Undo").click()
        page.locator(".heading > p", has_text="4 pictures").wait_for()
        page.reload()
        assert order(page) == ["1", "2", "3", "4"]
        note = page.get_by_role("textbox", name="Note on a green wall")
        assert note.input_value() == "for the hall"
    page.get_by_role("button", name="Take a green wall off the board").click()
    page.get_by_role("button", name="Undo").wait_for()
    page.clock.run_for(10_000)
    assert not page.get_by_role("button", name="Undo").is_visible()


def test_without_a_script_buttons_move_and_take_off(browser: "Browser", tmp_path: Path) -> None:
    with open_engine(settings_in(tmp_path / "data")) as engine:
        ids = store_colours(engine.catalog, tmp_path / "pictures", ("red", "blue")).values()
        engine.catalog.boards.create("plain", list(ids))
    with served(tmp_path / "data") as (_, url):
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{url}boards/1")
        assert not page.locator("[data-grip], .board-done").first.is_visible()
        page.get_by_role("button", name="Move a blue wall towards the beginning").click()
        assert order(page) == ["2", "1"]
        page.get_by_role("button", name="Take a red wall off the board").click()
        assert order(page) == ["2"]
        page.get_by_text("Share", exact=True).click()
        page.get_by_role("button", name="Make a link").click()
        page.goto(page.locator("[data-address]").input_value())
        assert page.get_by_role("heading", name="plain").is_visible()
        context.close()
