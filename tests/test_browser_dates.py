"""The rail of an answer by date in a real browser: years in proportion, moving by all means."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.axe import AXE, found_by_axe
from tests.mixed_pictures import mixed_pictures, settled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

BY_DATE = "?sort=-date&collection=mixed"

# The heading of the first row below the bar.
HEADING = """() => [...document.querySelectorAll(".group h2")].findLast(
    each => each.getBoundingClientRect().top < 150)?.textContent"""

# How far down the rail each labelled year stands, and how far its first picture is down the answer.
YEARS = """async () => {
    const list = document.querySelector(".grid"), rail = document.querySelector(".scrubber");
    const {years} = await (await fetch(list.dataset.shapes)).json();
    const over = document.querySelector(".bar").getBoundingClientRect().bottom;
    const found = [];
    for (const label of rail.querySelectorAll(".year")) {
        const [rank] = years.find(([, year]) => year === label.textContent);
        location.hash = `#hit-${rank}`;
        while (!document.getElementById(`hit-${rank}`)) await new Promise(requestAnimationFrame);
        const tile = document.getElementById(`hit-${rank}`).getBoundingClientRect();
        const top = tile.top - list.getBoundingClientRect().top;
        found.push([label.textContent, parseFloat(label.style.top) / rail.clientHeight,
            Math.min(1, top / (list.offsetHeight - innerHeight + over))]);
    }
    return found;
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mixed_pictures(tmp_path_factory.mktemp("dates")) as url:
        yield url


def rail(page: "Page", address: str) -> "Locator":
    page.goto(address)
    found = page.locator(".scrubber")
    found.wait_for()
    return found


def test_years_stand_where_they_begin_in_the_answer(page: "Page", address: str) -> None:
    rail(page, address + BY_DATE)
    labels = page.evaluate(YEARS)
    years = [year for year, *_ in labels]
    assert len(years) >= 3 and years == sorted(years, reverse=True)
    assert [each for each in labels if abs(each[1] - each[2]) > 0.005] == []


def test_a_click_on_a_year_leads_there_and_a_drag_goes_on(page: "Page", address: str) -> None:
    scrubber = rail(page, address + BY_DATE)
    label = scrubber.locator(".year").nth(2)
    year, box, whole = label.inner_text(), label.bounding_box(), scrubber.bounding_box()
    assert box is not None and whole is not None
    page.mouse.move(whole["x"] + 20, box["y"] + box["height"] / 2 + 2)
    assert year in scrubber.locator(".bubble").inner_text()
    page.mouse.down()
    settled(page)
    assert year in str(page.evaluate(HEADING))
    page.mouse.move(whole["x"] + 20, whole["y"] + whole["height"] - 1)
    settled(page)
    last = page.locator("[aria-setsize]").last
    assert last.get_attribute("aria-posinset") == last.get_attribute("aria-setsize")
    page.mouse.up()
    page.mouse.move(600, 300)
    before = page.evaluate("scrollY")
    page.mouse.move(600, 600)
    assert page.evaluate("scrollY") == before


def test_keys_move_by_headings_and_years(page: "Page", address: str) -> None:
    rail(page, address + BY_DATE)
    slider = page.get_by_role("slider", name="Move to a date")
    slider.focus()
    first = slider.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowDown")
    settled(page)
    second = slider.get_attribute("aria-valuetext")
    assert first != second == page.evaluate(HEADING)
    page.keyboard.press("PageDown")
    settled(page)
    assert str(second)[-4:] > str(slider.get_attribute("aria-valuetext"))[-4:]
    page.keyboard.press("End")
    settled(page)
    assert int(str(slider.get_attribute("aria-valuenow"))) > 200
    page.keyboard.press("PageUp")
    page.keyboard.press("Home")
    settled(page)
    assert slider.get_attribute("aria-valuetext") == first
    assert page.evaluate("document.activeElement.getAttribute('role')") == "slider"


def test_the_handle_follows_the_page(page: "Page", address: str) -> None:
    scrubber = rail(page, address + BY_DATE)
    page.mouse.wheel(0, 3000)
    settled(page)
    handle, whole = scrubber.locator(".handle").bounding_box(), scrubber.bounding_box()
    share = page.evaluate(
        "(scrollY - 44) / (document.querySelector('.grid').offsetHeight - innerHeight + 56)"
    )
    assert handle is not None and whole is not None
    assert abs((handle["y"] + 12 - whole["y"]) / whole["height"] - share) < 0.02


def test_a_short_answer_and_another_order_have_no_rail(page: "Page", address: str) -> None:
    for question in ("?sort=-date&where=date%3D2015", "?sort=name&collection=mixed"):
        page.goto(address + question)
        page.locator(".tile").first.wait_for()
        if page.locator(".grid[data-shapes]").count():
            page.locator(".grid.laid").wait_for()
        assert page.locator(".scrubber:visible").count() == 0
    rail(page, address + BY_DATE)
    page.locator("#q").fill("red")
    page.wait_for_url("**q=red*")
    page.locator("select[name=sort]").select_option("")
    page.wait_for_url(re.compile("sort=(?!-date)|q=red$|q=red&collection=mixed$"))
    page.locator(".scrubber").wait_for(state="detached")


def test_a_finger_takes_the_handle_that_comes_with_scrolling(
    browser: "Browser", address: str
) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    rail(page, address + BY_DATE)
    session = context.new_cdp_session(page)
    page.evaluate("scrollTo(0, 900)")
    handle = page.locator(".scrubber.moving .handle")
    box = handle.bounding_box()
    assert box is not None and min(box["width"], box["height"]) >= 40
    x, y = box["x"] + 20, box["y"] + 22

    def touch(kind: str, y: float | None) -> None:
        points = [] if y is None else [{"x": x, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", y)
    touch("touchMove", y + 200)
    touch("touchMove", y + 300)
    page.locator(".scrubber.held .bubble").wait_for()
    assert page.evaluate("scrollY") > 2000
    touch("touchEnd", None)
    page.locator(".scrubber:not(.held)").wait_for(state="attached")
    page.locator(".scrubber:not(.moving)").wait_for(state="attached")
    page.locator(".tile[id]").first.evaluate("tile => tile.scrollIntoView({block: 'center'})")
    context.close()


def test_years_are_links_without_a_script(browser: "Browser", address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + BY_DATE)
    links = page.get_by_role("navigation", name="Years").get_by_role("link")
    assert links.count() >= 8
    links.filter(has_text="2018").click()
    assert "2018" in page.locator(".group h2").first.inner_text()
    context.close()


@pytest.mark.skipif(not AXE, reason="axe-core is not installed: npm ci")
def test_axe_finds_nothing_beside_the_rail(page: "Page", address: str) -> None:
    rail(page, f"{address}{BY_DATE}&copies=1&lang=zh")
    page.evaluate("scrollTo(0, 2000)")
    settled(page)
    assert found_by_axe(page) == []
