"""The selection in a browser: by mouse, keys, touch and without a script; what the tray does."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.axe import AXE, found_by_axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.browser]

HITS = 109  # pictures of the address


@pytest.fixture
def finger(browser: "Browser", address: str) -> Iterator["Page"]:
    """Yield a page of a phone, which is touched."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    yield context.new_page()
    context.close()


def open_laid(page: "Page", url: str) -> None:
    """Open an answer, and wait until all of it is laid out."""
    page.goto(url)
    page.locator(".grid.laid").wait_for()


def says(page: "Page", text: str) -> bool:
    """Wait until the tray says this."""
    page.locator(f"[data-selected]:text-is('{text}')").wait_for()
    return True


def tray_ids(page: "Page") -> list[str]:
    """Return the ids that the tray shows."""
    ids: list[str] = page.eval_on_selector_all(
        ".shots [data-take-out]", "all => all.map(each => each.dataset.takeOut)"
    )
    return ids


def ask(page: "Page", words: str) -> None:
    """Type another question, and wait for its answer."""
    page.get_by_role("combobox", name="Words").fill(words)
    page.wait_for_url(f"**q={words.replace(' ', '+')}*")
    page.locator("main:not([aria-busy])").wait_for()


def middle(page: "Page", what: str) -> tuple[float, float]:
    box = page.locator(what).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_selection_outlives_questions_pictures_and_reloading(page: "Page", address: str) -> None:
    page.goto(f"{address}?q=red&strictness=all")
    page.locator("#hit-1 .select").check()
    first = page.locator("#hit-1").get_attribute("data-picture-id")
    ask(page, "blue")
    page.locator("#hit-2 .select").check()
    second = page.locator("#hit-2").get_attribute("data-picture-id")
    assert says(page, "2 selected") and tray_ids(page) == [first, second]
    page.locator("#hit-3 .frame").click()
    page.locator(".viewer .top").wait_for()
    assert says(page, "2 selected")
    page.go_back()
    page.locator("#hit-2").wait_for()
    assert says(page, "2 selected") and page.locator("#hit-2 .select").is_checked()
    ask(page, "nothing")
    assert says(page, "2 selected"), "an answer without hits keeps it too"
    page.reload()
    assert says(page, "2 selected") and tray_ids(page) == [first, second]
    other = page.context.new_page()
    other.goto(address)
    assert not other.locator(".selection").is_visible(), "another tab has its own"
    other.close()
    page.goto(f"{address}?q=red&strictness=all")
    page.locator(f".shots [data-take-out='{first}']").click()
    assert says(page, "1 selected") and not page.locator("#hit-1 .select").is_checked()
    page.locator(".shots button").click()
    assert not page.locator(".selection").is_visible()


def test_a_range_reaches_tiles_that_are_not_drawn(page: "Page", address: str) -> None:
    open_laid(page, f"{address}?q=green&strictness=all")
    page.locator("#hit-3 .select").check()
    page.locator("body").press("End")
    page.locator(f"#hit-{HITS - 2} .tick").click(modifiers=["Shift"])
    assert page.locator("#hit-4").count() == 0, "it is not drawn"
    assert says(page, f"{HITS - 4} selected")
    page.locator(f"#hit-{HITS - 4} .tick").click(modifiers=["Shift"])
    assert says(page, f"{HITS - 7} selected"), "a range is taken out the same way"
    page.locator("[data-select-all]").click()
    assert says(page, f"{HITS} selected")
    page.get_by_role("button", name="Clear the selection").click()
    assert page.locator("[data-done]").inner_text() == f"{HITS} no longer selected"
    page.get_by_role("button", name="Undo").click()
    assert says(page, f"{HITS} selected")


def test_a_sweep_over_circles_selects_what_the_mouse_passes(page: "Page", address: str) -> None:
    page.goto(f"{address}?q=green&strictness=all")
    page.mouse.move(*middle(page, "#hit-1 .tick"))
    page.mouse.down()
    for rank in (2, 3, 4):
        page.mouse.move(*middle(page, f"#hit-{rank} .frame"), steps=4)
    page.mouse.up()
    assert says(page, "4 selected")
    page.mouse.move(*middle(page, "#hit-4 .tick"))
    page.mouse.down()
    page.mouse.move(*middle(page, "#hit-3 .frame"), steps=4)
    page.mouse.move(*middle(page, "#hit-4 .tick"), steps=4)
    page.mouse.up()
    assert says(page, "2 selected"), "back at its beginning, a sweep does not click"
    assert page.url == f"{address}?q=green&strictness=all"


def test_the_circle_of_a_heading_selects_all_under_it(page: "Page", address: str) -> None:
    page.goto(f"{address}?sort=name&copies=1")
    circle = page.get_by_role("button", name="Select all of S")
    page.get_by_role("button", name="Select all of B").click()
    assert says(page, "2 selected")
    page.locator(".grid.laid").wait_for()
    circle.click()
    assert says(page, "102 selected"), "a hundred shades, most of them not drawn"
    assert circle.get_attribute("aria-pressed") == "true"
    circle.click()
    assert says(page, "2 selected") and circle.get_attribute("aria-pressed") == "false"


def test_the_keys_alone_select_put_on_a_board_undo_and_clear(page: "Page", address: str) -> None:
    open_laid(page, f"{address}?q=green&strictness=all")
    page.locator("#hit-2 .frame").focus()
    page.keyboard.press("x")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+X")
    assert says(page, "4 selected")
    page.keyboard.press("Control+a")
    page.get_by_text(f"{HITS} selected").first.wait_for()
    page.keyboard.press("Escape")
    assert page.locator("[data-done]").inner_text() == f"{HITS} no longer selected"
    page.locator("#hit-5 .frame").focus()
    page.keyboard.press("b")
    assert tray_ids(page) == [page.locator("#hit-5").get_attribute("data-picture-id")]
    page.keyboard.type("Of keys")
    page.keyboard.press("Enter")
    page.get_by_text("1 put on “Of keys”").first.wait_for()
    board = page.locator("[data-open]").get_attribute("href")
    assert page.request.get(f"{address}{board[1:] if board else ''}").ok
    page.keyboard.press("Enter")  # the focus is on Undo
    page.get_by_text("1 selected").first.wait_for()
    assert page.request.get(f"{address}{board[1:] if board else ''}").status == 404
    page.keyboard.press("b")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.matches('[data-boards]')")
    assert says(page, "1 selected"), "Esc undoes one thing"


def test_pictures_go_on_a_board_and_the_tray_ends_when_undo_does(
    page: "Page", address: str
) -> None:
    page.clock.install()
    page.goto(f"{address}?q=red&strictness=all")
    for name, ranks in (("Twice", (1, 2)), ("Twice", (2, 3))):
        for rank in ranks:
            page.locator(f"#hit-{rank} .select").check()
        page.locator("[data-boards]").click()
        if page.locator(f".several :text-is('{name}')").count():
            page.locator(".several .item", has_text=name).click()
        else:
            page.get_by_label("Name of the new board").fill(name)
            page.get_by_role("button", name="Make it").click()
        page.locator(".done").wait_for()
        added = "2" if ranks == (1, 2) else "1"
        assert page.locator("[data-done]").inner_text() == f"{added} put on “{name}”"
        if added == "1":
            page.get_by_role("button", name="Undo").click()
            page.get_by_text("2 selected").first.wait_for()
        page.clock.run_for(10_000)
        assert page.locator(".selection").is_visible() is (added == "1")
        if added == "2":
            page.reload()
            assert not page.locator(".selection").is_visible(), "a used selection is over"
            assert page.locator(f".several :text-is('{name}')").count() == 1


def test_a_board_that_is_refused_keeps_the_selection_and_says_why(
    finger: "Page", address: str
) -> None:
    finger.goto(f"{address}?q=red&strictness=all")
    for again in (False, True):
        finger.locator("#hit-2 .select").check(force=True)
        finger.locator("[data-boards]").click()
        finger.get_by_label("Name of the new board").fill("Refused")
        finger.get_by_role("button", name="Make it").click()
        if not again:
            finger.get_by_text("1 put on “Refused”").first.wait_for()
    finger.get_by_text("“Refused” is the name of another one already").wait_for()
    assert says(finger, "1 selected")


def test_a_selection_is_downloaded_and_kept_where_one_wants_it(page: "Page", address: str) -> None:
    open_laid(page, f"{address}?q=red&strictness=all")
    page.locator("#hit-1 .select").check()
    page.locator("#hit-1 .frame").focus()
    with page.expect_download() as download:
        page.keyboard.press("d")
    assert download.value.suggested_filename == "pictures.zip"
    assert page.locator("[data-done]").inner_text() == "1 sent to your browser"
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    assert download.value.suggested_filename == "pictures.json"
    page.locator("#hit-2 .select").check()
    other = page.locator("#hit-2").get_attribute("data-picture-id")
    assert tray_ids(page) == [other], "the next selection begins"


def test_too_many_for_a_board_or_a_selection_is_said(page: "Page", address: str) -> None:
    page.route(
        f"{address}?q=green&strictness=all",
        lambda route: route.fulfill(body=_with_limits(route.fetch().text())),
    )
    open_laid(page, f"{address}?q=green&strictness=all")
    page.locator("#hit-1 .select").check()
    page.locator("[data-select-all]").click()
    assert says(page, "90 selected")
    assert "90 pictures can be selected" in page.locator("[data-notice]").inner_text()
    page.locator("[data-boards]").click()
    page.get_by_label("Name of the new board").fill("Too many")
    page.get_by_role("button", name="Make it").click()
    text = page.locator("[data-notice]").inner_text()
    assert text == "A board may have 50 pictures; 90 are selected."


def _with_limits(text: str) -> str:
    """Return the page of a server with lower limits."""
    text = text.replace('data-most="10000"', 'data-most="90"')
    return text.replace('data-most-on-board="1000"', 'data-most-on-board="50"')


def touch(page: "Page", what: str, press_ms: int) -> None:
    """Put a finger on something for so long by the page's clock."""
    session = page.context.new_cdp_session(page)
    x, y = middle(page, what)
    point = [{"x": x, "y": y}]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": point})
    page.clock.run_for(press_ms)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_long_press_begins_and_taps_go_on(finger: "Page", address: str) -> None:
    finger.clock.install()
    finger.goto(f"{address}?q=green&strictness=all")
    touch(finger, "#hit-2 .frame", 450)
    assert says(finger, "1 selected")
    finger.locator("#hit-3 .frame").tap()
    finger.locator("#hit-2 .frame").tap()
    assert tray_ids(finger) == [finger.locator("#hit-3").get_attribute("data-picture-id")]
    assert "pictures/" not in finger.url
    finger.locator("#hit-3 .frame").tap()
    assert not finger.locator(".selection.some").is_visible()
    finger.locator("#hit-3 .frame").tap()
    finger.wait_for_url("**/pictures/*")


def test_the_tray_fits_a_small_phone_and_covers_no_focus(finger: "Page", address: str) -> None:
    finger.set_viewport_size({"width": 320, "height": 600})
    open_laid(finger, f"{address}?q=green&strictness=all")
    finger.locator("#hit-1 .select").check(force=True)
    assert finger.evaluate("document.documentElement.scrollWidth") == 320
    box = finger.locator(".selection").bounding_box()
    assert box is not None and 56 <= box["height"] <= 72
    finger.locator("#hit-1 .frame").focus()
    for _ in range(12):
        finger.keyboard.press("ArrowDown")
        bottom = finger.evaluate("document.activeElement.getBoundingClientRect().bottom")
        assert bottom <= box["y"]


def test_without_a_script_the_form_does_it_for_the_page(browser: "Browser", address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}?q=red&strictness=all")
    assert not page.locator(".selection").is_visible()
    for rank in (1, 2):
        page.locator(f"#hit-{rank} .select").check(force=True)
    assert not page.locator(".shots, [data-clear], [data-select-all]").first.is_visible()
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    page.get_by_text("Put on a board", exact=True).click()
    page.get_by_label("Name of the new board").fill("Without a script")
    page.keyboard.press("Enter")
    page.wait_for_url("**/boards/*")
    assert page.locator(".board > li").count() == 2
    context.close()


@pytest.mark.skipif(not AXE, reason="axe-core is not installed: npm ci")
@pytest.mark.parametrize(("scheme", "width_px"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing_while_the_tray_is_open(
    browser: "Browser", address: str, scheme: Any, width_px: int
) -> None:
    context = browser.new_context(
        viewport={"width": width_px, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    # So few that neither the bar nor the tray stands over a circle.
    page.goto(f"{address}?sort=name&where=width+%3E+800")
    page.get_by_role("button", name="Select all of S").click()
    assert found_by_axe(page) == []
    page.locator("[data-boards]").click()
    assert found_by_axe(page) == [], "the boards"
    page.get_by_label("Name of the new board").fill(f"By axe {scheme}")
    page.keyboard.press("Enter")
    page.locator(".done").wait_for()
    assert found_by_axe(page) == [], "what was done"
    page.locator("[data-open]").click()
    page.wait_for_url("**/boards/*")
    page.get_by_text("Share", exact=True).click()
    page.get_by_role("button", name="Make a link").click()
    page.locator("[data-address]").wait_for()
    assert found_by_axe(page) == [], "the board and its links"
    page.goto(page.locator("[data-address]").input_value())
    assert found_by_axe(page) == [], "the shared board"
    page.locator(".board a").first.click()
    assert found_by_axe(page) == [], "a shared picture"
    context.close()
