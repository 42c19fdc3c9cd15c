"""The reference of the API in a real browser: requests from the page, with and without scripts."""

import json
from typing import TYPE_CHECKING

import pytest

from tests.axe import AXE, found_by_axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PAGE = "api/v1/docs?lang=en"


def test_a_search_is_tried_on_the_page(page: "Page", address: str) -> None:
    page.goto(address + PAGE)
    page.get_by_role("link", name="Try a search").click()
    part = page.locator("#search")
    part.get_by_label("q what the pictures show").fill("red")
    part.get_by_label("k how many pictures").fill("3")
    part.get_by_role("button", name="Send").click()
    sent = part.locator("[data-sent]")
    sent.locator("img").nth(2).wait_for()
    assert sent.locator("strong").inner_text() == "200 OK"
    assert sent.locator("[data-took]").inner_text().endswith(" ms")
    assert sent.locator("a").get_attribute("href") == "/api/v1/search?q=red&k=3"
    answer = json.loads(sent.locator("code").inner_text())
    assert [hit["rank"] for hit in answer["hits"]] == [1, 2, 3]
    assert sent.locator("img").count() == 3
    assert page.url.endswith("#search"), "the page stays"


def test_the_json_of_a_post_and_a_picture_are_tried_too(page: "Page", address: str) -> None:
    page.goto(address + PAGE)
    post = page.locator("#search_by_post")
    post.get_by_text("Try it").click()
    post.get_by_label("The body, as JSON").fill('{"terms": [{"text": "blue"}], "k": 1}')
    post.get_by_role("button", name="Send").click()
    post.locator("[data-sent] img").wait_for()
    assert '"text": "blue"' in post.locator("[data-sent] code").inner_text()
    small = page.locator("#thumbnail")
    small.get_by_text("Try it").click()
    small.get_by_role("button", name="Send").click()
    small.locator("[data-sent] img").wait_for()
    assert "image/webp" in small.locator("[data-sent] code").inner_text()


def test_a_refusal_is_shown_with_its_problem(browser: "Browser", address: str) -> None:
    page = browser.new_page()  # Chromium's console says that an answer was 400
    page.goto(address + PAGE)
    part = page.locator("#search")
    part.get_by_label("k how many pictures").fill("0")
    part.get_by_role("button", name="Send").click()
    part.get_by_text("400 BAD REQUEST").or_(part.get_by_text("400 Bad Request")).wait_for()
    assert '"code": "k-out-of-range"' in part.locator("[data-sent] code").inner_text()
    page.close()


def test_a_search_is_tried_without_scripts(browser: "Browser", address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + PAGE)
    assert page.locator("#search_by_post details.try").is_hidden()
    part = page.locator("#search")
    part.get_by_label("q what the pictures show").fill("red")
    part.get_by_role("button", name="Send").click()
    assert page.url == f"{address}api/v1/search?q=red&k=5"
    assert json.loads(page.locator("body").inner_text())["hits"][0]["rank"] == 1
    context.close()


@pytest.mark.parametrize("width_px", [320, 390, 1280])
def test_the_page_fits_with_everything_unfolded(
    browser: "Browser", address: str, width_px: int
) -> None:
    page = browser.new_page(viewport={"width": width_px, "height": 800})
    page.goto(address + PAGE)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == width_px
    if AXE and width_px != 320:
        assert found_by_axe(page) == []
    page.close()
