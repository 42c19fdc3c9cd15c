"""The grid of pictures in a real browser: sizes, how many are seen, copies, films, gliding."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.axe import AXE, found_by_axe
from tests.mixed_pictures import mixed_pictures, settled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

# All of the pictures, each by itself, in one order.
WHOLE = "?q=red&strictness=all&collection=mixed"

# The pictures of which at least half is seen.
SEEN = """() => [...document.querySelectorAll(".tile[id]")].filter(tile => {
    const {top, bottom} = tile.getBoundingClientRect();
    return Math.min(bottom, innerHeight) - Math.max(top, 0) > (bottom - top) / 2;
}).length"""

FIRST_SEEN = """() => [...document.querySelectorAll(".tile[id]")]
    .find(tile => tile.getBoundingClientRect().bottom > 80).id"""

# How far each picture in the document is from the place that flexbox alone gives it.
DRIFT = """() => {
    const boxes = () => new Map([...document.querySelectorAll(".tile[id]")].map(tile => {
        const {left, top, width, height} = tile.getBoundingClientRect();
        return [tile.id, [left, top, width, height]];
    }));
    const laid = boxes(), list = document.querySelector(".grid");
    list.classList.remove("laid");
    for (const each of [list, ...list.children]) each.removeAttribute("style");
    const plain = boxes();
    return Math.max(...[...plain].slice(0, 20).map(([id, box]) =>
        Math.max(...box.map((each, at) => Math.abs(each - laid.get(id)[at])))));
}"""

WATCH_SHIFTS = """() => { window.shifts = 0; new PerformanceObserver(list => {
    for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifts += each.value;
}).observe({type: "layout-shift", buffered: true}) }"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mixed_pictures(tmp_path_factory.mktemp("mixed")) as url:
        yield url


def laid(page: "Page", address: str) -> None:
    page.goto(address)
    page.locator(".grid.laid").wait_for()


def height_of_first(page: "Page") -> float:
    box = page.locator("#hit-1").bounding_box()
    assert box is not None
    return float(box["height"])


def test_another_size_is_shown_at_once_and_remembered(page: "Page", address: str) -> None:
    laid(page, address + WHOLE)
    usual = height_of_first(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("link", name="Large pictures").click()
    assert 1.5 * 150 <= height_of_first(page) <= 1.5 * 150 * 1.35
    assert page.get_by_role("link", name="Large pictures").get_attribute("aria-current") == "true"
    page.get_by_role("link", name="Small pictures").click()
    assert 100 <= height_of_first(page) < usual
    assert page.locator("[data-tile-size][aria-current]").count() == 1
    assert all(re.search("/thumbnail|/tiles", url) for url in asked), "no answer is asked again"
    assert "size=" not in page.url
    page.reload()
    page.locator(".grid.laid").wait_for()
    assert 100 <= height_of_first(page) < usual
    assert page.locator("html").get_attribute("data-size") == "small"


@pytest.mark.parametrize("size", ["small", "usual", "large"])
def test_each_size_is_laid_where_the_stylesheet_has_it(
    page: "Page", address: str, size: str
) -> None:
    laid(page, f"{address}{WHOLE}&size={size}")
    widths = page.locator("#hit-3 .shot").evaluate("shot => [shot.sizes, shot.clientWidth]")
    assert abs(float(widths[0].removesuffix("px")) - widths[1]) <= 1
    assert page.evaluate(DRIFT) < 1


def test_another_size_keeps_the_place_in_the_answer(page: "Page", address: str) -> None:
    laid(page, address + WHOLE)
    page.evaluate("scrollTo(0, 2500)")
    settled(page)
    first = page.evaluate(FIRST_SEEN)
    page.locator("[data-tile-size=large]").evaluate("link => link.click()")
    page.locator(f"#{first}").wait_for()
    box = page.locator(f"#{first}").bounding_box()
    assert box is not None and -150 < box["y"] < 300
    page.locator("[data-tile-size=usual]").evaluate("link => link.click()")


def test_the_size_is_a_link_without_a_script(browser: "Browser", address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + WHOLE)
    page.get_by_role("link", name="Large pictures").click()
    assert height_of_first(page) >= 1.5 * 150
    page.goto(f"{address}?q=blue")
    assert height_of_first(page) >= 1.5 * 132, "it is remembered"
    context.close()


@pytest.mark.parametrize(("width", "height", "least"), [(1440, 900, 28), (390, 844, 12)])
def test_many_pictures_are_seen_at_once(
    browser: "Browser", address: str, width: int, height: int, least: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": height})
    laid(page, address + WHOLE)
    assert page.evaluate(SEEN) >= least
    page.close()


def test_copies_are_folded_and_can_be_shown(page: "Page", address: str) -> None:
    page.goto(f"{address}?sort=name&collection=mixed")
    told = page.get_by_role("link", name=re.compile(r"^\d+ hidden cop"))
    hidden = int(told.inner_text().split()[0])
    before = page.locator(".tally strong").inner_text()
    badge = page.locator("a.badge").first
    size = int(badge.inner_text().split()[-1])
    told.click()
    page.wait_for_url("**copies=1*")
    page.get_by_role("link", name="Hide copies").wait_for()
    after = page.locator(".tally strong").inner_text()
    assert int(after.split()[0]) == int(before.split()[0]) + hidden == 261
    assert page.locator("a.badge").count() == 0
    page.get_by_role("link", name="Hide copies").click()
    page.locator("a.badge").first.click()
    page.wait_for_url("**/pictures/**")
    assert page.locator(".copies li").count() == size - 1


def test_a_film_is_one_picture_that_leads_to_its_moments(page: "Page", address: str) -> None:
    page.goto(f"{address}?collection=films")
    assert page.locator(".tile").count() == 1
    badge = page.locator(".badge.play")
    assert re.fullmatch(r"0:0\d · 2 moments of a film", " ".join(badge.inner_text().split()))
    assert page.get_by_role("link", name="1 hidden moment of a film").count() == 1
    badge.click()
    page.wait_for_url("**copies=1*")
    page.locator("#hit-2").wait_for()
    assert page.locator(".tile").count() == 2
    assert sorted(page.locator(".badge").all_inner_texts()) == ["0:00", "0:01"]


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_film_plays_under_the_pointer(browser: "Browser", address: str, motion: Any) -> None:
    context = browser.new_context(reduced_motion=motion)
    page = context.new_page()
    page.goto(f"{address}?collection=films")
    page.locator(".tile .frame").hover()
    if motion == "reduce":
        page.evaluate("() => new Promise(next => setTimeout(next, 700))")
        assert page.locator(".tile video").count() == 0
    else:
        page.locator(".tile video.playing").wait_for(state="attached")
        assert page.locator(".tile video").evaluate("film => film.muted && !film.paused")
        page.mouse.move(5, 600)
        page.locator(".tile video").wait_for(state="detached")
    context.close()


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_pictures_that_stay_glide(browser: "Browser", address: str, motion: Any) -> None:
    context = browser.new_context(reduced_motion=motion, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    laid(page, address + WHOLE)
    page.evaluate("""() => document.addEventListener("limn:shown", () => queueMicrotask(() => {
        window.gliding = document.getAnimations().filter(each => each.effect.target.matches(".tile")
            && each.constructor === Animation).map(each => each.effect.getTiming().duration);
    }))""")
    page.locator("#q").fill("red blue")
    page.locator("body:not(.waiting) h1", has_text="red blue").wait_for(state="attached")
    gliding = page.evaluate("window.gliding")
    assert (0 < len(gliding) <= 40 and set(gliding) == {160}) if motion != "reduce" else not gliding
    context.close()


def test_nothing_moves_from_the_first_page_to_an_answer_and_on(page: "Page", address: str) -> None:
    page.goto(address)
    page.evaluate(WATCH_SHIFTS)
    page.locator(".tile .shot").first.wait_for()
    page.locator("#q").fill("red")
    page.wait_for_url("**q=red*")
    page.locator(".grid.laid").wait_for()
    page.evaluate("scrollTo(0, 1500)")
    settled(page)
    assert page.evaluate("window.shifts") <= 0.02


@pytest.mark.skipif(not AXE, reason="axe-core is not installed: npm ci")
def test_axe_finds_nothing_in_copies_and_films(page: "Page", address: str) -> None:
    for question in ("?sort=name&collection=mixed", "?collection=films"):
        page.goto(address + question)
        assert found_by_axe(page) == []
