"""Collections in a real browser: uploaded, watched during the run, renamed and removed."""

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.axe import AXE, found_by_axe
from tests.browsing import served
from tests.colour_web import picture_bytes

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def shared(folder: Path) -> Path:
    """Return a folder with a picture and a file of another kind."""
    walls = folder / "shared" / "walls"
    walls.mkdir(parents=True)
    (walls / "red.png").write_bytes(picture_bytes("red"))
    (walls / "broken.jpg").write_bytes(b"x")
    return walls.parent


@pytest.mark.browser
def test_a_collection_is_sent_watched_renamed_and_removed(
    browser: "Browser", tmp_path: Path
) -> None:
    archive = tmp_path / "walls.zip"
    with zipfile.ZipFile(archive, "w") as members:
        for colour in ("red", "blue", "green"):
            members.writestr(f"{colour}.png", picture_bytes(colour))
    with served(tmp_path / "data") as (process, url):
        page = browser.new_page()
        page.goto(url)
        page.get_by_role("link", name="Add pictures").click()
        page.get_by_label("Name of the collection").fill("walls")
        page.get_by_label("Files", exact=True).set_input_files(archive)
        page.get_by_role("button", name="Send").click()
        page.wait_for_url("**/collections/walls")
        page.get_by_text("3 added").wait_for()
        assert page.get_by_text("3 pictures").is_visible()
        page.get_by_label("rename, remove").click()
        page.get_by_label("Another name").fill("painted walls")
        page.get_by_role("button", name="Rename").click()
        page.get_by_role("heading", name="painted walls").wait_for()
        page.get_by_label("rename, remove").click()
        page.get_by_role("link", name="Remove…").click()
        page.get_by_role("button", name="Remove it").click()
        page.get_by_text("No pictures yet").wait_for()
        page.close()
        process.terminate()
        process.communicate(timeout=30)


@pytest.mark.browser
def test_a_folder_is_indexed_without_a_script_and_its_failures_are_told(
    browser: "Browser", tmp_path: Path
) -> None:
    root = shared(tmp_path)
    with served(tmp_path / "data", "--root", str(root)) as (process, url):
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{url}add")
        page.get_by_role("link", name="walls").click()
        page.get_by_role("button", name="Add this folder").click()
        page.get_by_role("button", name="Try again").wait_for()  # the page polls by itself
        assert page.get_by_text("broken.jpg").is_visible()
        context.close()
        process.terminate()
        process.communicate(timeout=30)


@pytest.mark.browser
@pytest.mark.skipif(not AXE, reason="axe-core is not installed: npm ci")
@pytest.mark.parametrize(("scheme", "width_px"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing_on_the_pages_of_collections(
    browser: "Browser", tmp_path: Path, scheme: Any, width_px: int
) -> None:
    root = shared(tmp_path)
    with served(tmp_path / "data", "--no-worker", "--root", str(root)) as (process, url):
        context = browser.new_context(
            viewport={"width": width_px, "height": 800}, color_scheme=scheme
        )
        page = context.new_page()
        page.goto(f"{url}add?folder={root / 'walls'}")
        page.get_by_role("button", name="Add this folder").click()
        page.get_by_text("It waits: this server").wait_for()
        for path in ("collections", "collections/walls", "add", f"add?folder={root}&lang=zh"):
            page.goto(url + path)
            assert found_by_axe(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width_px, path
        context.close()
        process.terminate()
        process.communicate(timeout=30)
