"""Walks through the page as a reader takes them, in Chromium and in Firefox."""

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browsing import CHROMIUM_OPTIONS
from tests.firefox import write_launcher

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

# The place of the first picture in sight.
IN_SIGHT = """() => {
    const tile = [...document.querySelectorAll(".tile[id]")]
        .find(each => each.getBoundingClientRect().bottom > 0);
    return [tile.id, Math.round(tile.getBoundingClientRect().top)];
}"""

# Until the place is kept. `wait_for_function` would evaluate a text, which the policy forbids.
KEPT = """async () => {
    while (!history.state?.place) await new Promise(requestAnimationFrame);
}"""

# `go_back` waits for a load, and a page that Firefox has kept whole is not loaded again.
BACK = "() => void setTimeout(() => history.back())"

FOCUSED = "document.activeElement.closest('.tile')?.id"


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def browser(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["Browser"]:
    """Yield each browser that is installed."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = {"chromium": ("chromium", "google-chrome"), "firefox": ("firefox-esr", "firefox")}
    found = next(filter(None, map(shutil.which, names[request.param])), None)
    if found is None:
        pytest.skip(f"no {request.param} on the path")
    with sync_api.sync_playwright() as playwright:
        if request.param == "firefox":
            launcher = write_launcher(tmp_path_factory.mktemp("firefox"), found)
            launched = playwright.firefox.launch(channel="moz-firefox", executable_path=launcher)
        else:
            launched = playwright.chromium.launch(
                executable_path=found, args=list(CHROMIUM_OPTIONS)
            )
        yield launched
        launched.close()


def question(page: "Page", words: str) -> None:
    """Wait for the answer to `words`."""
    page.get_by_role("heading", level=1, name=words).wait_for()
    page.locator("main:not([aria-busy]) #hit-1").wait_for()


def test_from_home_to_a_picture_and_back_to_the_same_place(page: "Page", address: str) -> None:
    page.goto(address)
    page.get_by_role("combobox", name="Words").click()
    page.keyboard.type("green", delay=30)
    question(page, "green")
    page.goto(f"{address}?q=green&strictness=all")
    page.locator(".grid.laid").wait_for()
    page.evaluate("scrollTo(0, 1500)")
    page.locator(".coming").first.wait_for(state="detached")
    page.evaluate(KEPT)
    left = page.evaluate(IN_SIGHT)
    page.locator(f"#{left[0]} a.frame").evaluate("frame => frame.click()")
    page.wait_for_url("**/pictures/*")
    page.get_by_role("link", name="Download").first.wait_for()
    page.evaluate(BACK)
    page.locator(f".laid #{left[0]}").wait_for()
    assert page.evaluate(IN_SIGHT) == left


def test_a_filtered_answer_is_selected_from_and_put_on_a_board(
    page: "Page", address: str, browser: "Browser"
) -> None:
    page.goto(f"{address}?q=wall&where=orientation%3Dlandscape&strictness=all")
    question(page, "wall")
    page.locator("main a.drop-term, form a[aria-label^='Search without']").first.wait_for()
    for rank in (1, 2):
        page.locator(f"#hit-{rank} .select").check()
    name = f"walls in {browser.browser_type.name}"
    page.locator("#select [data-boards]").click()
    page.locator("#select input[name=name]").fill(name)
    page.locator("#select").get_by_role("button", name="Make it").click()
    page.locator("#select").get_by_role("link", name="Open the board").click()
    page.wait_for_url("**/boards/*")
    page.get_by_role("heading", name=name).wait_for()
    assert page.locator(".board img").count() == 2


def test_the_keyboard_alone_leads_to_a_picture_and_back(page: "Page", address: str) -> None:
    page.goto(address)
    page.keyboard.type("green", delay=30)
    question(page, "green")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(FOCUSED) == "hit-1"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUSED) == "hit-2"
    page.keyboard.press("x")
    assert page.locator("#hit-2 .select").is_checked()
    page.keyboard.press("Enter")
    page.wait_for_url("**/pictures/*rank=2*")
    page.keyboard.press("Escape")
    page.locator("#hit-2").wait_for()
    assert page.url.split("#")[0] == f"{address}?q=green"


def test_a_question_in_chinese_is_answered_on_a_chinese_page(page: "Page", address: str) -> None:
    page.goto(f"{address}?lang=zh")
    page.goto(address)
    assert page.evaluate("document.documentElement.lang") == "zh"
    page.locator("#q").click()
    page.keyboard.insert_text("红色的墙")
    question(page, "红色的墙")
    assert page.locator("#hit-1 .shot").get_attribute("alt") == "红色的墙"
    page.locator("#hit-1 a.frame").click()
    page.wait_for_url("**/pictures/*")
    assert page.get_by_text("红色的墙").first.is_visible()


def test_without_a_script_forms_and_links_lead_the_same_way(
    browser: "Browser", address: str
) -> None:
    if browser.browser_type.name == "firefox":
        pytest.skip("scripts can't be turned off in this way of driving Firefox")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    page.locator("#q").fill("green")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=green*")
    question(page, "green")
    page.locator("#hit-2 a.frame").click()
    page.wait_for_url("**/pictures/*rank=2*")
    page.locator("a[rel=next]").first.click()
    page.wait_for_url("**/pictures/*rank=3*")
    page.locator("a[data-back]").first.click()
    page.locator("#hit-3 .select").press("Space")
    page.locator("#select [data-boards]").click()
    page.locator("#select input[name=name]").fill(f"scriptless in {browser.browser_type.name}")
    page.locator("#select").get_by_role("button", name="Make it").click()
    page.wait_for_url("**/boards/*")
    assert page.locator(".board img").count() == 1
    context.close()
