"""The first page in a real browser: an example is followed, files are dropped, axe is content."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from search.bootstrap import open_engine
from search.records import Caption
from tests.axe import AXE, found_by_axe
from tests.browsing import served
from tests.colour_web import picture_bytes, settings_in, store, store_colours, store_described

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

SHIFTS = """() => { window.shifts = []; new PerformanceObserver((list) => { for (const entry of
    list.getEntries()) if (!entry.hadRecentInput) window.shifts.push(entry.value) })
    .observe({type: "layout-shift", buffered: true}) }"""

DROP = """async ([name, bytes]) => {
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(bytes)], name, {type: "image/png"}));
    document.querySelector(".dropbox").dispatchEvent(
        new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true}));
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield a server of captioned and dated pictures, with a saved search."""
    folder = tmp_path_factory.mktemp("home")
    with open_engine(settings_in(folder / "data")) as engine:
        store_colours(engine.catalog, folder / "pictures", ("red", "green", "yellow", "black"))
        store_described(engine.catalog, folder / "described")
        zh = [Caption("蓝色的墙", "zh")]
        store(engine.catalog, folder / "other.png", "navy", zh, collection="other")
        engine.catalog.saved_searches.save("walls", "q=wall")
    with served(folder / "data", "--no-worker") as (_, url):
        yield url


def top_of_box(page: "Page") -> Any:
    return page.locator(".ask").bounding_box()


def test_an_example_is_followed_and_nothing_moves(page: "Page", address: str) -> None:
    page.goto(f"{address}?lang=en")
    page.evaluate(SHIFTS)
    example = page.locator(".tries a").first
    example.wait_for()
    box, words = top_of_box(page), example.inner_text()
    assert page.evaluate("window.shifts.reduce((sum, each) => sum + each, 0)") < 0.02
    example.click()
    page.locator("#hit-1").wait_for()
    assert top_of_box(page) == box
    assert page.locator("#q").input_value() == words
    page.go_back()
    page.locator(".tries a").first.wait_for()
    assert top_of_box(page) == box


def test_the_first_page_has_its_styles_after_an_answer_too(page: "Page", address: str) -> None:
    page.goto(f"{address}?q=red&lang=en")
    page.locator("#q").fill("")
    page.locator("#q").press("Enter")
    four = page.locator(".four").first
    four.wait_for()
    assert four.evaluate("(node) => getComputedStyle(node).display") == "grid"
    page.locator(".tries a").first.wait_for()


def test_without_a_script_nothing_waits_for_one(browser: "Browser", address: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    page = context.new_page()
    page.goto(address)
    assert not page.locator(".tries.soon").is_visible()
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.get_by_role("link", name="May 2019").click()
    page.wait_for_url("**where=date**")
    assert page.locator(".tile").count() == 1
    context.close()


def test_the_first_pictures_are_sent_without_a_script(browser: "Browser", tmp_path: Path) -> None:
    (tmp_path / "wall.png").write_bytes(picture_bytes("red"))
    with served(tmp_path / "data", "--no-worker") as (_, url):
        context = browser.new_context(java_script_enabled=False, locale="en-US")
        page = context.new_page()
        page.set_viewport_size({"width": 320, "height": 700})
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        page.get_by_label("Choose pictures").set_input_files(tmp_path / "wall.png")
        page.get_by_role("button", name="Send").click()
        page.wait_for_url("**/collections/My%20pictures")
        context.close()


def test_the_first_pictures_are_dropped_on_the_page(browser: "Browser", tmp_path: Path) -> None:
    with served(tmp_path / "data", "--no-worker") as (_, url):
        page = browser.new_page(locale="en-US")
        page.goto(url)
        page.get_by_role("heading", name="Drop pictures or a folder here").wait_for()
        page.evaluate(DROP, ["wall.png", list(picture_bytes("red"))])
        page.wait_for_url("**/collections/My%20pictures")
        page.goto(url)
        page.get_by_role("link", name="My pictures", exact=True).wait_for()
        page.close()


def test_a_chosen_folder_is_sent_whole(browser: "Browser", tmp_path: Path) -> None:
    for name in ("a/one.png", "b/two.png", "b/.hidden"):
        path = tmp_path / "album" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture_bytes("red"))
    with served(tmp_path / "data", "--no-worker") as (_, url):
        page = browser.new_page(locale="en-US")
        page.goto(url)
        page.get_by_label("Choose a folder").set_input_files(tmp_path / "album")
        page.wait_for_url("**/collections/My%20pictures")
        page.close()
    sent = {path.name for path in (tmp_path / "data" / "uploads").rglob("*.png")}
    assert sent == {"one.png", "two.png"}


@pytest.mark.skipif(not AXE, reason="axe-core is not installed: npm ci")
@pytest.mark.parametrize(("scheme", "width_px"), [("light", 1280), ("dark", 320)])
def test_axe_finds_nothing_on_the_whole_first_page(
    browser: "Browser", address: str, scheme: Any, width_px: int
) -> None:
    context = browser.new_context(
        viewport={"width": width_px, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    for code in ("en", "zh"):
        page.goto(f"{address}?lang={code}")
        page.locator(".tries a").first.wait_for()
        assert found_by_axe(page) == [], code
        assert page.evaluate("document.documentElement.scrollWidth") == width_px
    context.close()
