"""Pages in a real browser that follow changes, and forms that come back as they were."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from search.bootstrap import open_engine
from search.catalog.records import Failure, RunCounts
from tests.browsing import served
from tests.colour_web import COLLECTION, picture_bytes, settings_in, store, store_colours

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.browser
def test_a_job_is_followed_on_every_page_that_tells_of_it(
    browser: "Browser", tmp_path: Path
) -> None:
    settings = settings_in(tmp_path / "data")
    with open_engine(settings) as engine, served(tmp_path / "data", "--no-worker") as (_, url):
        catalog = engine.catalog
        store_colours(catalog, tmp_path / "in", ("red", "blue"))
        collection = catalog.collections.one(COLLECTION)
        jobs = catalog.jobs
        job = jobs.start(collection, "index", tmp_path / "in")
        jobs.update(job, RunCounts(found=4, added=2), total=4)
        context = browser.new_context(locale="en-US")
        first, shelf, page = (context.new_page() for _ in range(3))
        first.goto(url)
        shelf.goto(f"{url}collections")
        page.goto(f"{url}collections/colours")
        page.get_by_label("rename, remove").click()
        page.get_by_label("Another name").fill("half typed")
        for each in (first, shelf, page):
            each.get_by_text("2 pictures").first.wait_for()
            each.get_by_text("2 of 4").wait_for()
        assert page.locator(".arriving img").count() == 2
        store(catalog, tmp_path / "in" / "green.png", "green")
        catalog.failures.record(collection, [Failure(Path("/a.jpg"), "not an image", "text")])
        jobs.update(job, RunCounts(found=4, added=5), total=4)
        for each in (first, shelf, page):
            each.get_by_text("3 pictures").first.wait_for()
            each.get_by_text("4 of 4").wait_for()
        assert page.locator(".arriving img").count() == 3
        page.get_by_text("a.jpg").wait_for()
        jobs.update(job, RunCounts(found=4, added=3, failed=1), "done")
        page.get_by_text("3 added").wait_for()
        for each in (first, shelf, page):
            each.locator("[data-job]").wait_for(state="detached")
        assert page.get_by_label("Another name").input_value() == "half typed"
        context.close()


@pytest.mark.browser
def test_the_first_page_shows_the_first_collection_as_it_comes(
    browser: "Browser", tmp_path: Path
) -> None:
    settings = settings_in(tmp_path / "data")
    with open_engine(settings) as engine, served(tmp_path / "data", "--no-worker") as (_, url):
        page = browser.new_page(locale="en-US")
        page.goto(url)
        page.get_by_text("No pictures yet").wait_for()
        engine.catalog.jobs.ask(COLLECTION, "index", {"sources": ["/x"], "name": "x"})
        store_colours(engine.catalog, tmp_path / "in", ("red",))
        page.get_by_text("1 picture", exact=True).wait_for()
        page.close()


@pytest.mark.browser
def test_a_form_that_is_not_taken_comes_back_in_a_browser(
    browser: "Browser", tmp_path: Path
) -> None:
    with open_engine(settings_in(tmp_path / "data")) as engine:
        store_colours(engine.catalog, tmp_path / "in", ("red", "blue"))
        store(engine.catalog, tmp_path / "other.png", "red", collection="other")
        engine.catalog.boards.create("mine", [1])
    (tmp_path / "a.docx").write_bytes(b"x")
    (tmp_path / "one.png").write_bytes(picture_bytes("green"))
    with served(tmp_path / "data", "--no-worker") as (_, url):
        page = browser.new_page(locale="en-US")
        page.goto(f"{url}collections/colours")
        page.get_by_label("rename, remove").click()
        page.get_by_label("Another name").fill("other")
        page.get_by_role("button", name="Rename").click()
        page.get_by_role("heading", name="That name is taken").wait_for()
        field = page.get_by_label("Another name")
        assert field.input_value() == "other"
        assert field.evaluate("field => field === document.activeElement")
        page.get_by_role("button", name="Take it").click()
        assert field.input_value() == "other 2"
        page.locator("summary", has_text="Add pictures").click()
        page.get_by_label("Pictures, films, or archives").set_input_files(tmp_path / "a.docx")
        page.get_by_role("button", name="Send").click()
        page.get_by_text("a.docx · it is no picture").wait_for()
        page.get_by_label("Pictures, films, or archives").set_input_files(
            [tmp_path / "a.docx", tmp_path / "one.png"]
        )
        page.get_by_role("button", name="Send").click()
        page.get_by_text("1 file was not taken:").wait_for()
        page.goto(f"{url}?q=wall")
        page.locator("#hit-2 .select").check()
        page.locator("[data-boards]").click()
        page.get_by_label("Name of the new board").fill("mine")
        page.get_by_role("button", name="Make it").click()
        page.get_by_text("“mine” is the name of another one already").wait_for()
        page.get_by_label("Name of the new board").fill("another")
        page.get_by_role("button", name="Make it").click()
        page.get_by_role("link", name="Open the board").click()
        page.wait_for_url("**/boards/2")
        assert page.locator(".board > li").count() == 1
        page.close()
