"""The filter panel in a real browser: opened, dragged, drawn on, by keyboard, on a phone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from search.bootstrap import open_engine
from tests.axe import AXE, found_by_axe
from tests.browsing import served
from tests.colour_web import settings_in, store_described

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("filtered")
    with open_engine(settings_in(folder / "data")) as engine:
        store_described(engine.catalog, folder / "pictures")
    with served(folder / "data") as (_, url):
        yield url


def shown(page: "Page") -> list[str]:
    page.locator("main:not([aria-busy])").wait_for()
    return [frame.get_attribute("title") or "" for frame in page.locator(".tile .frame").all()]


@pytest.mark.browser
def test_the_panel_opens_narrows_and_closes(page: "Page", address: str) -> None:
    page.goto(f"{address}?q=wall")
    opener = page.get_by_role("link", name="Filters", exact=True)
    assert opener.get_attribute("aria-expanded") == "false"
    opener.click()
    page.wait_for_url("**/?q=wall&panel=1")
    page.get_by_role("link", name="portrait 1").click()
    page.wait_for_url("**where=orientation*")
    assert shown(page) == ["tall.png"]
    assert page.evaluate("document.activeElement.dataset.key") == "orientation=portrait"
    page.get_by_role("combobox", name="Words").fill("green wall")
    page.wait_for_url("**/?q=green+wall&where=orientation*panel=1")
    page.get_by_role("link", name="Search without Orientation: portrait").click()
    page.wait_for_url("**/?q=green+wall&panel=1")
    assert len(shown(page)) == 3
    page.get_by_role("link", name="Close the filters").click()
    page.wait_for_url("**/?q=green+wall")
    assert page.locator(".panel").count() == 0
    page.go_back()
    page.locator(".panel").wait_for()


@pytest.mark.browser
def test_the_ends_of_the_dates_are_moved_by_keys_and_by_dragging(
    page: "Page", address: str
) -> None:
    page.goto(f"{address}?q=wall&panel=1")
    least = page.get_by_role("slider", name="From")
    least.focus()
    page.keyboard.press("End")
    page.wait_for_url("**where=*date*2021-01*")
    assert shown(page) == ["blue.png"]
    assert page.evaluate("document.activeElement.dataset.key") == "date least"
    assert page.locator(".bars .outside").count() == 20, "the others stay to be seen"
    page.goto(f"{address}?q=wall&panel=1")
    track = page.get_by_role("slider", name="To").bounding_box()
    assert track is not None
    middle = track["y"] + track["height"] / 2
    page.mouse.move(track["x"] + track["width"] - 8, middle)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] / 2, middle, steps=4)
    page.mouse.up()
    page.wait_for_url("**where=*date*2020-*")
    assert shown(page) == ["red.png"]


@pytest.mark.browser
def test_a_box_is_drawn_on_the_map_and_a_spot_is_chosen(page: "Page", address: str) -> None:
    page.goto(f"{address}?q=wall&panel=1")
    world = page.locator(".earth").bounding_box()
    assert world is not None
    page.mouse.move(world["x"] + 5, world["y"] + 5)
    page.mouse.down()
    page.mouse.move(world["x"] + world["width"] / 2, world["y"] + world["height"] / 2, steps=4)
    page.mouse.up()
    page.wait_for_url("**where=box*")
    assert shown(page) == ["red.png"]
    assert page.get_by_text("Place: on the map").is_visible()
    assert float(page.locator(".drawn").get_attribute("width") or 0) > 10
    page.get_by_role("link", name="1 picture, -33.9°, 151.2°").click()
    page.wait_for_url("**where=box+%3D+-33.9*")
    assert shown(page) == ["blue.png"]


@pytest.mark.browser
def test_without_a_script_links_and_forms_narrow(browser: "Browser", address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}?q=wall")
    page.get_by_role("link", name="Filters", exact=True).click()
    page.get_by_role("link", name="Ann 1").click()
    page.get_by_role("link", name="Search without who: Ann").wait_for()
    assert shown(page) == ["red.png"]
    page.get_by_role("link", name="Search without who: Ann").click()
    page.locator("select[name=least]").select_option("2020-12")
    page.locator("[data-histogram]").get_by_role("button", name="Apply").click()
    page.locator(".tile").nth(1).wait_for(state="detached")
    assert shown(page) == ["blue.png"]
    context.close()


@pytest.mark.browser
@pytest.mark.skipif(not AXE, reason="axe-core is not installed: npm ci")
@pytest.mark.parametrize(("scheme", "width_px"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing_in_the_panel_and_the_evidence(
    browser: "Browser", address: str, scheme: Any, width_px: int
) -> None:
    context = browser.new_context(
        viewport={"width": width_px, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    for path in (
        "?q=wall&panel=1&where=colour+%3D+red&where=box+%3D+40,0,50,10",
        "?q=wall&panel=1&lang=zh",
        "?panel=1",
        "?q=wall&panel=1&where=width+%3E+9000&lang=en",
        "pictures/1?q=red+wall&rank=1",
        "?q=" + "red+" * 300,
    ):
        page.goto(address + path)
        assert found_by_axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width_px, path
    context.close()
