"""Every page in a browser, in both languages: no script throws or warns."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask.testing import FlaskClient

from search.bootstrap import open_engine
from search.catalog.records import Failure
from tests.browsing import COLOURS, served
from tests.colour_web import COLLECTION, settings_in, store_colours

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage

pytestmark = pytest.mark.slow

PAGES = (
    "",
    "?q=red",
    "?q=red&panel=1",
    "?text=red&similar=1&weight=-0.5",
    "?q=red&more=1&less=2",
    "?q=red&start=5000",
    "?q=red&start=0",
    "?q=red&where=date+%3E+2030",
    "?collection=colours",
    "pictures/1",
    "pictures/1?q=red&rank=1",
    "pictures/999",
    "nothing",
    "kept",
    "boards/1",
    "boards/9",
    "add",
    "collections",
    "collections/colours",
    "collections/colours?passed=2&refused=kind+a.docx",
    "collections/coming",
    "encoders",
    "collections/nothing",
    "collections/colours/remove",
    "collections/colours/pair",
    "collections/colours/map",
    "narrow?q=red&field=size&least=abc",
    "api/v1/docs",
    "api",
    "sign-in",
)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a catalog with pictures, saved items, a failure, and a queued job."""
    folder = tmp_path_factory.mktemp("every")
    with open_engine(settings_in(folder / "data")) as engine:
        catalog = engine.catalog
        ids = list(store_colours(catalog, folder / "pictures", COLOURS).values())
        catalog.boards.create("walls", ids[:2])
        catalog.saved_searches.save("red walls", "q=red")
        collection = catalog.collections.one(COLLECTION)
        catalog.failures.record(collection, [Failure(Path("/a.jpg"), "not an image", "text")])
        catalog.jobs.ask("coming", "index", {"sources": ["/x"], "name": "coming"})
    return folder / "data"


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> str:
    """Return each language of the page."""
    return str(request.param)


@pytest.fixture(scope="module")
def address(data_dir: Path) -> Iterator[str]:
    """Yield a server of that catalog, without a worker."""
    with served(data_dir, "--no-worker") as (_, url):
        yield url


def is_of_the_page(told: "ConsoleMessage") -> bool:
    """Return whether a browser message is about the page's own error status."""
    page_url = told.page.url if told.page else ""
    return "Failed to load resource" in told.text and told.location["url"] == page_url


def visited(browser: "Browser", address: str, language: str, paths: tuple[str, ...]) -> list[str]:
    """Return the script errors of these pages; a missing page is not an error."""
    said: list[str] = []
    context = browser.new_context(locale="zh-CN" if language == "zh" else "en-US")
    context.on("weberror", lambda error: said.append(str(error.error)))
    context.on(
        "console",
        lambda told: (
            None
            if told.type not in ("error", "warning") or is_of_the_page(told)
            else said.append(f"{told.page and told.page.url}: {told.text}")
        ),
    )
    for path in paths:
        page = context.new_page()  # a key may lead the page before elsewhere
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
        assert page.locator("html").get_attribute("lang") == language
        for key in ("?", "Escape", "/", "ArrowDown", "ArrowRight", "m"):
            page.keyboard.press(key)
        page.close()
    context.close()
    return said


@pytest.mark.browser
def test_no_script_of_any_page_throws(browser: "Browser", address: str, language: str) -> None:
    assert visited(browser, address, language, PAGES) == []


@pytest.mark.browser
def test_no_script_throws_where_one_must_sign_in(
    browser: "Browser", tmp_path: Path, language: str
) -> None:
    with open_engine(settings_in(tmp_path / "data")) as engine:
        engine.catalog.tokens.create("one", "read")
    with served(tmp_path / "data", "--no-worker", "--require-token") as (_, url):
        assert visited(browser, url, language, ("", "sign-in", "kept")) == []


@pytest.mark.parametrize("address", ["/api", "/api/", "/api/v1", "/api/v1/"])
def test_the_api_is_described_where_it_begins(client: FlaskClient, address: str) -> None:
    answer = client.get(address, follow_redirects=True)
    assert answer.status_code == 200 and ">The API</h1>" in answer.text
