"""Scrolling through answers in a real browser: the document stays small, nothing moves."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from search.bootstrap import open_engine
from tests.axe import AXE, found_by_axe
from tests.browsing import served
from tests.colour_web import settings_in, store

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Each drawn picture: its rank, its id, and its position in the document.
DRAWN = """() => Object.fromEntries([...document.querySelectorAll(".tile[id]")].map(tile => {
    const {left, top, width, height} = tile.getBoundingClientRect();
    return [tile.id.slice(4), [tile.dataset.pictureId,
        ...[left, top + scrollY, width, height].map(Math.round)]];
}))"""

# The position of the first visible tile in the window.
IN_SIGHT = """() => {
    const tile = [...document.querySelectorAll(".tile[id]")]
        .find(each => each.getBoundingClientRect().bottom > 0);
    return [tile.id, Math.round(tile.getBoundingClientRect().top)];
}"""

MOST_TILES = 160
HITS = 109


def laid(page: "Page", address: str) -> None:
    page.goto(address)
    page.locator(".grid.laid").wait_for()


def scrolled(page: "Page", top: int) -> dict[str, Any]:
    """Return the visible tiles, once the page has loaded all of the window."""
    page.evaluate("top => scrollTo(0, top)", top)
    page.evaluate("() => new Promise(next => requestAnimationFrame(() => setTimeout(next)))")
    page.locator(".coming").first.wait_for(state="detached")
    found: dict[str, Any] = page.evaluate(DRAWN)
    return found


def height(page: "Page") -> int:
    return int(page.evaluate("document.documentElement.scrollHeight"))


@pytest.mark.browser
def test_the_document_stays_small_and_nothing_moves(page: "Page", address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    laid(page, f"{address}?q=green&strictness=all")
    high = height(page)
    seen: dict[str, Any] = {}
    for top in range(0, high, 500):
        drawn = scrolled(page, top)
        assert len(drawn) <= MOST_TILES
        assert all(seen.get(rank, place) == place for rank, place in drawn.items())
        seen |= drawn
    assert [int(rank) for rank in seen] == list(range(1, HITS + 1))
    assert len({place[0] for place in seen.values()}) == HITS, "none twice"
    assert height(page) == high
    before = len([url for url in asked if "/tiles" in url])
    for top in range(high, -1, -700):
        drawn = scrolled(page, max(0, top))
        assert drawn == {rank: seen[rank] for rank in drawn}
    assert len([url for url in asked if "/tiles" in url]) == before, "what was told is kept"
    assert page.get_by_role("link", name="More results").count() == 0


@pytest.mark.browser
def test_a_script_puts_tiles_where_they_stood(browser: "Browser", address: str) -> None:
    places = []
    for scripts in (False, True):
        context = browser.new_context(
            viewport={"width": 1000, "height": 4000}, java_script_enabled=scripts
        )
        page = context.new_page()
        page.goto(f"{address}?q=green&strictness=all")
        if scripts:
            page.locator(".grid.laid").wait_for()
        boxes = [page.locator(f"#hit-{rank}").bounding_box() for rank in range(1, 41)]
        places.append([(box["x"], box["y"], box["width"]) for box in boxes if box])
        context.close()
    plain, moved = places
    down = moved[0][1] - plain[0][1]  # the form is higher without a script
    for one, other in zip(plain, moved, strict=True):
        assert np.allclose(np.subtract(other, one), (0, down, 0), atol=2), (one, other)


@pytest.mark.browser
def test_end_home_and_the_keys_lead_through_all_of_it(page: "Page", address: str) -> None:
    laid(page, f"{address}?q=green&strictness=all")
    page.locator("body").press("End")
    page.locator(f"#hit-{HITS}").wait_for()
    last = page.locator(f"#hit-{HITS}")
    assert (last.get_attribute("aria-posinset"), last.get_attribute("aria-setsize")) == ("109",) * 2
    last.locator(".frame").focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.closest('.tile').id") == f"hit-{HITS - 1}"
    page.locator("body").press("Home")
    page.locator("#hit-1").wait_for()
    assert page.evaluate("document.activeElement.closest('.tile').id") == f"hit-{HITS - 1}"
    page.keyboard.press("ArrowLeft")  # focus is the starting place again
    page.locator(f"#hit-{HITS - 3}").wait_for()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.closest('.tile').id") == f"hit-{HITS - 2}"


@pytest.mark.browser
def test_what_is_selected_stays_so_out_of_sight(page: "Page", address: str, tmp_path: Path) -> None:
    laid(page, f"{address}?q=green&strictness=all")
    chosen = page.locator("#hit-2").get_attribute("data-picture-id")
    page.locator("#hit-2 .select").check()
    page.get_by_role("combobox", name="Words").focus()
    scrolled(page, height(page))
    assert page.locator("#hit-2").count() == 0
    page.locator(f"#hit-{HITS} .select").check()
    assert page.locator("[data-selected]").inner_text() == "2 selected"
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    download.value.save_as(tmp_path / "chosen.csv")
    with (tmp_path / "chosen.csv").open(encoding="utf-8-sig", newline="") as file:
        told = [row["id"] for row in csv.DictReader(file)]
    assert told[0] == chosen and len(told) == 2
    page.get_by_role("button", name="Undo").click()
    scrolled(page, 0)
    assert page.locator("#hit-2 .select").is_checked()
    assert not page.locator("#hit-3 .select").is_checked()


@pytest.mark.browser
def test_a_mark_far_down_keeps_the_place(page: "Page", address: str) -> None:
    laid(page, f"{address}?q=green&strictness=all")
    scrolled(page, height(page) // 2)
    rank, _ = page.evaluate(IN_SIGHT)
    page.locator(f"#{rank} .frame").focus()
    before = page.locator(f"#{rank}").bounding_box()
    page.keyboard.press("m")
    page.wait_for_url("**more=*")
    page.locator(".grid.laid").wait_for()
    page.locator(f"#{rank}").wait_for()
    box = page.locator(f"#{rank}").bounding_box()
    assert before is not None and box is not None
    assert abs(box["y"] - before["y"]) < 250, "the bar has a line more, and rows begin elsewhere"
    assert page.evaluate("document.activeElement.closest('.tile')?.id") == rank
    assert page.get_by_role("group", name="Marked pictures").locator(".mark-chip").count() == 1


@pytest.mark.browser
def test_going_back_and_reloading_find_the_place_again(page: "Page", address: str) -> None:
    laid(page, f"{address}?q=green&strictness=all")
    scrolled(page, 2500)
    left = page.evaluate(IN_SIGHT)
    page.locator(f"#{left[0]} a.frame").evaluate("frame => frame.click()")
    page.get_by_role("link", name="Download").wait_for()
    page.go_back()
    page.locator(f".laid #{left[0]}").wait_for()
    assert page.evaluate(IN_SIGHT) == left
    page.reload()
    page.locator(f".laid #{left[0]}").wait_for()
    assert page.evaluate(IN_SIGHT) == left
    page.evaluate("document.querySelector('.tile[id] .acts a').click()")
    page.wait_for_url("**/?similar=*")
    assert page.evaluate("scrollY") < 200, "another answer begins at its beginning"
    page.go_back()
    page.get_by_role("heading", name="green").wait_for()  # the other answer has such a hit too
    page.locator(f".laid #{left[0]}").wait_for()
    assert page.evaluate(IN_SIGHT) == left


@pytest.mark.browser
def test_a_link_leads_to_a_picture_of_the_answer(page: "Page", address: str) -> None:
    laid(page, f"{address}?q=green&strictness=all&start=51#hit-77")
    page.locator("#hit-77.found").wait_for()
    box = page.locator("#hit-77").bounding_box()
    assert box is not None and 0 <= box["y"] < 600
    assert page.get_by_role("link", name="Earlier results").count() == 0
    scrolled(page, 0)
    page.locator("#hit-1").wait_for()


@pytest.mark.browser
def test_the_place_outlives_another_width(page: "Page", address: str) -> None:
    laid(page, f"{address}?q=green&strictness=all")
    scrolled(page, 3000)
    rank, _ = page.evaluate(IN_SIGHT)
    page.set_viewport_size({"width": 700, "height": 900})
    page.locator(f"#{rank}").wait_for()
    box = page.locator(f"#{rank}").bounding_box()
    assert box is not None and -400 < box["y"] < 400


@pytest.mark.browser
def test_an_answer_that_goes_on_meanwhile_is_laid_anew(browser: "Browser", tmp_path: Path) -> None:
    with open_engine(settings_in(tmp_path / "data")) as engine:
        for number in range(120):
            store(engine.catalog, tmp_path / f"{number}.png", f"rgb({number}, 90, 90)")
    with served(tmp_path / "data") as (_, url):
        page = browser.new_page()
        laid(page, f"{url}?collection=colours&copies=1")
        page.route("**/shapes?*", lambda route: route.fulfill(status=429))
        with open_engine(settings_in(tmp_path / "data")) as engine:
            newest = store(engine.catalog, tmp_path / "new.png", "blue")
        scrolled(page, height(page))
        page.get_by_text("The server does not answer").wait_for()
        assert page.locator("[aria-setsize='120']").count() > 10, "what was there stays"
        page.unroute("**/shapes?*")
        scrolled(page, 0)
        scrolled(page, height(page))
        page.locator("[aria-setsize='121']").first.wait_for()
        scrolled(page, 0)
        page.locator(f"#hit-1[data-picture-id='{newest}']").wait_for()
        page.close()


@pytest.mark.browser
def test_without_an_answer_to_scroll_the_links_stay(browser: "Browser", address: str) -> None:
    page = browser.new_page()
    page.route("**/shapes?*", lambda route: route.abort())
    page.goto(f"{address}?q=green&strictness=all")
    page.get_by_text("The server does not answer").wait_for()
    page.get_by_role("link", name="More results").click()
    page.wait_for_url("**start=51")
    page.locator("#hit-51").wait_for()
    page.close()


@pytest.mark.browser
@pytest.mark.skipif(not AXE, reason="axe-core is not installed: npm ci")
def test_axe_finds_nothing_in_the_midst_of_an_answer(page: "Page", address: str) -> None:
    laid(page, f"{address}?q=green&strictness=all")
    scrolled(page, 2500)
    assert found_by_axe(page) == []
