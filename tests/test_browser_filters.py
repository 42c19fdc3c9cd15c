"""The line of facets in a real browser: opened, dragged, drawn on, by keyboard, on a phone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from search.bootstrap import open_engine
from tests.axe import AXE, found_by_axe
from tests.browsing import served
from tests.colour_web import settings_in, store_described

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page


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


def pill(page: "Page", name: str) -> "Locator":
    return page.locator(".pills").get_by_role("link", name=name, exact=True)


def sheet(page: "Page", name: str) -> "Locator":
    return page.get_by_role("group", name=name, exact=True)


@pytest.mark.browser
def test_a_pill_opens_its_values_and_the_button_says_what_would_be_left(
    page: "Page", address: str
) -> None:
    page.goto(f"{address}?collection=colours")
    opener = pill(page, "Camera")
    assert opener.get_attribute("aria-expanded") == "false"
    opener.click()
    camera = sheet(page, "Camera")
    camera.wait_for()
    assert opener.get_attribute("aria-expanded") == "true"
    page.wait_for_url("**panel=camera*")
    assert camera.get_by_role("button", name="Show 3").is_visible()
    camera.get_by_label("NIKON D5").check()
    camera.get_by_role("button", name="Show 1").wait_for()
    camera.get_by_label("Canon EOS 5D").check()
    camera.get_by_role("button", name="Show 2").click()
    page.wait_for_url("**where=*camera*or*")
    assert shown(page) == ["blue.png", "red.png"] and "panel" not in page.url
    chosen = pill(page, "Camera: Canon EOS 5D +1")
    assert page.evaluate("document.activeElement.dataset.facet") == "camera"
    assert page.locator(".options .chip:visible").count() == 0, (
        "the pill alone shows what is chosen"
    )
    page.get_by_role("combobox", name="Words").fill("wall")
    page.wait_for_url("**q=wall*where=*")
    page.get_by_role("link", name="Search without Camera: Canon EOS 5D +1").click()
    page.wait_for_url("**?q=wall&collection=colours")
    assert chosen.count() == 0
    page.go_back()
    chosen.wait_for()


@pytest.mark.browser
def test_the_keyboard_alone_opens_chooses_and_closes(page: "Page", address: str) -> None:
    page.goto(f"{address}?collection=colours")
    pill(page, "Orientation").focus()
    page.keyboard.press("Enter")
    orientation = sheet(page, "Orientation")
    orientation.wait_for()
    assert page.evaluate("document.activeElement.type") == "checkbox"
    page.keyboard.press("Escape")
    orientation.wait_for(state="detached")
    assert page.evaluate("document.activeElement.dataset.facet") == "orientation"
    assert "panel" not in page.url
    page.keyboard.press("Enter")
    orientation.wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    orientation.get_by_role("button", name="Show 1").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**where=orientation+*portrait*")
    assert shown(page) == ["tall.png"]


@pytest.mark.browser
def test_one_popover_is_open_and_a_click_beside_it_closes_it(page: "Page", address: str) -> None:
    page.goto(f"{address}?collection=colours&panel=camera")
    sheet(page, "Camera").wait_for()
    pill(page, "Colour").click()
    sheet(page, "Colour").wait_for()
    assert page.locator(".sheet.facet").count() == 1
    colour = sheet(page, "Colour").bounding_box()
    opener = pill(page, "Colour").bounding_box()
    assert colour and opener and colour["width"] == 300 and abs(colour["x"] - opener["x"]) < 2
    page.mouse.click(900, 700)
    sheet(page, "Colour").wait_for(state="detached")
    pill(page, "More filters").click()
    more = sheet(page, "More filters")
    more.get_by_role("link", name="who").click()
    sheet(page, "who").get_by_label("Ann").check()
    sheet(page, "who").get_by_role("button", name="Show 1").click()
    page.wait_for_url("**where=field.who+*Ann*")
    assert shown(page) == ["red.png"]


@pytest.mark.browser
def test_a_written_filter_that_can_not_be_read_comes_back_to_its_field(
    browser: "Browser", address: str
) -> None:
    page = browser.new_page()
    page.goto(f"{address}?collection=colours&panel=more")
    field = page.get_by_role("textbox", name="A filter in writing")
    field.fill("width > 95 and height < 70")
    sheet(page, "More filters").get_by_role("button", name="Show 2").wait_for()
    field.fill("width near 9")
    sheet(page, "More filters").get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("alert").wait_for()
    assert field.input_value() == "width near 9"
    assert page.evaluate("document.activeElement.name") == "written"
    field.fill("width > 95")
    page.keyboard.press("Enter")
    page.wait_for_url("**where=width*")
    page.get_by_role("link", name="Search without width").click()
    page.wait_for_url("**/?collection=colours")
    page.close()


@pytest.mark.browser
def test_the_ends_of_the_dates_are_moved_by_keys_and_by_dragging(
    page: "Page", address: str
) -> None:
    page.goto(f"{address}?collection=colours&panel=date")
    page.get_by_role("slider", name="From").focus()
    page.keyboard.press("End")
    date = sheet(page, "Date")
    assert page.locator(".bars .outside").count() == 20, "the others stay to be seen"
    assert date.get_by_role("combobox", name="From").input_value() == "2021-01"
    date.get_by_role("button", name="Show 1").click()
    page.wait_for_url("**where=*date*2021-01*")
    assert shown(page) == ["blue.png"]
    page.goto(f"{address}?collection=colours&panel=date")
    track = page.get_by_role("slider", name="To").bounding_box()
    assert track is not None
    middle = track["y"] + track["height"] / 2
    page.mouse.move(track["x"] + track["width"] - 8, middle)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] / 2, middle, steps=4)
    page.mouse.up()
    date.get_by_role("button", name="Show 1").click()
    page.wait_for_url("**where=*date*2020-*")
    assert shown(page) == ["red.png"]


@pytest.mark.browser
def test_a_box_is_drawn_on_the_map_and_a_spot_is_chosen(page: "Page", address: str) -> None:
    page.goto(f"{address}?collection=colours&panel=box")
    place = sheet(page, "Place")
    place.get_by_role("button", name="Show 2").wait_for()
    world = page.locator(".earth").bounding_box()
    assert world is not None
    page.mouse.move(world["x"] + 5, world["y"] + 5)
    page.mouse.down()
    page.mouse.move(world["x"] + world["width"] / 2, world["y"] + world["height"] / 2, steps=4)
    page.mouse.up()
    assert float(page.locator(".drawn").get_attribute("width") or 0) > 10
    place.get_by_role("button", name="Show 1").click()
    page.wait_for_url("**where=box*")
    assert shown(page) == ["red.png"]
    pill(page, "Place: on the map").click()
    page.get_by_role("link", name="1 picture, -33.9°, 151.2°").click()
    page.wait_for_url("**where=box+%3D+-33.9*")
    assert shown(page) == ["blue.png"]


@pytest.mark.browser
def test_on_a_phone_a_pill_opens_a_sheet_at_the_foot(browser: "Browser", address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(f"{address}?collection=colours")
    pill(page, "Colour").tap()
    colour = sheet(page, "Colour")
    colour.wait_for()
    box = colour.bounding_box()
    assert box and (box["x"], box["width"], box["y"] + box["height"]) == (0, 390, 844)
    for label in colour.locator("label").all():
        assert (label.bounding_box() or {"height": 0})["height"] >= 40
    colour.get_by_label("blue").tap()
    colour.get_by_role("button", name="Show 1").tap()
    page.wait_for_url("**where=colour*blue*")
    assert shown(page) == ["blue.png"]
    context.close()


@pytest.mark.browser
def test_without_a_script_links_and_forms_narrow(browser: "Browser", address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}?collection=colours")
    pill(page, "More filters").click()
    page.get_by_role("link", name="who", exact=True).click()
    who = sheet(page, "who")
    who.get_by_label("Ann").check()
    who.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("link", name="Search without who: Ann").wait_for()
    assert shown(page) == ["red.png"]
    page.get_by_role("link", name="Search without who: Ann").click()
    pill(page, "Date").click()
    page.locator("select[name=least]").select_option("2020-12")
    sheet(page, "Date").get_by_role("button", name="Show", exact=True).click()
    assert shown(page) == ["blue.png"]
    context.close()


@pytest.mark.browser
@pytest.mark.skipif(not AXE, reason="axe-core is not installed: npm ci")
@pytest.mark.parametrize(("scheme", "width_px"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing_in_the_facets_and_the_evidence(
    browser: "Browser", address: str, scheme: Any, width_px: int
) -> None:
    context = browser.new_context(
        viewport={"width": width_px, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    for path in (
        "?panel=box&where=(colour+%3D+red)+or+(colour+%3D+blue)&where=box+%3D+40,0,50,10",
        "?panel=colour&lang=zh",
        "?panel=date&lang=en",
        "?panel=folder&where=width+%3E+9&where=camera+~+canon",
        "?panel=field.rating",
        "?panel=more",
        "?q=wall&panel=more&where=width+%3E+9000&where=colour+%3D+red",
        "pictures/1?q=red+wall&rank=1",
        "?q=" + "red+" * 300,
    ):
        page.goto(address + path)
        assert found_by_axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width_px, path
    context.close()
