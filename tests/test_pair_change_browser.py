"""A change of the encoder pair in a real browser: chosen, watched, compared, switched, undone."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from indexer.indexing.worker import Worker
from search.bootstrap import open_engine
from search.engine import Engine
from search.settings import Settings
from tests.axe import AXE, found_by_axe
from tests.browsing import served
from tests.colour_web import let_builtin_answer, settings_in, store, store_colours
from tests.tiny_index import Silent

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PAIR = "tiny:96"
COLOURS = ("red", "green", "blue", "yellow", "black", "white", "orange", "purple")

STATES = ("offered", "stopped", "ready", "former")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a catalog with a collection in each state, and one that was never changed."""
    folder = tmp_path_factory.mktemp("pairs")
    settings = settings_in(folder / "data", encoder=PAIR)
    with open_engine(settings) as engine:
        store_colours(engine.catalog, folder / "pictures", COLOURS)
        for state in (*STATES, "switched"):
            store(engine.catalog, folder / f"{state}.png", "red", collection=state)
        let_builtin_answer(engine, "offered")
        stopped = engine.catalog.collections.one("stopped")
        engine.catalog.second_spaces.begin(stopped, engine.encoder(PAIR).space)
        embed(engine, settings, "ready")
        for name in ("former", "switched"):
            embed(engine, settings, name)
            engine.upgrades.switch(name)
    return folder / "data"


def embed(engine: Engine, settings: Settings, name: str) -> None:
    """Embed a collection by the second pair."""
    document = {"name": name, "encoder": PAIR, "sources": [PAIR]}
    engine.catalog.jobs.ask(name, "upgrade", document)
    Worker(engine, settings, Silent()).once()


@pytest.fixture(scope="module")
def address(data_dir: Path) -> Iterator[str]:
    """Yield a server of that catalog, with workers."""
    with served(data_dir, environment={"LIMN_ENCODER": PAIR}) as (process, url):
        yield url
        process.terminate()
        process.communicate(timeout=30)


def press(page: "Page", name: str) -> None:
    page.get_by_role("button", name=name).click()


def heading(page: "Page", name: str) -> None:
    page.get_by_role("heading", name=name, exact=True).wait_for()


def test_a_pair_is_changed_compared_and_given_up(page: "Page", address: str) -> None:
    for question in ("red", "a blue wall"):
        page.goto(f"{address}?q={question}&collection=colours")
    page.goto(f"{address}collections/colours")
    page.get_by_label("rename, remove").click()
    page.get_by_role("link", name="Change the recognizer…").click()
    page.get_by_label(PAIR).check()
    press(page, "Begin")
    heading(page, "The recognizer is being changed")
    page.evaluate("document.title = 'never loaded again'")
    heading(page, "The new recognizer is ready")  # the page follows its job
    assert page.title() == "never loaded again"
    page.get_by_role("link", name="Compare").click()
    asked = page.get_by_role("heading", level=2)
    assert asked.all_inner_texts() == ["a blue wall", "red"]
    page.get_by_label("A question for both").fill("green")
    press(page, "Ask both")
    heading(page, "green")
    columns = page.locator(".columns ol")
    assert columns.count() == 2
    for column in columns.all():
        assert column.get_by_role("img").first.get_attribute("alt") == "a green wall"
        assert column.get_by_text("in both").count() == len(COLOURS)
    assert page.get_by_role("link", name="a blue wall").first.get_attribute("href") is not None
    press(page, "Use the new one")
    heading(page, f"{PAIR} answers now")
    assert page.get_by_text("8 captions · 1,555 bytes").count() == 1
    press(page, "Go back")
    heading(page, "The new recognizer is ready")
    page.get_by_role("link", name="Give it up…").click()
    page.get_by_role("link", name="Leave it as it is").click()
    page.get_by_role("link", name="Give it up…").click()
    press(page, "Give it up")
    page.get_by_text("Change the recognizer…").wait_for(state="attached")


def test_the_room_of_the_former_pair_is_freed_and_an_offer_declined(
    page: "Page", address: str
) -> None:
    page.goto(f"{address}collections/switched")
    heading(page, f"{PAIR} answers now")
    page.get_by_role("link", name="Stay with the new one and free the room…").click()
    press(page, "Free the room")
    page.get_by_text("Change the recognizer…").wait_for(state="attached")
    page.goto(f"{address}collections/offered?lang=zh")
    heading(page, "回答可以更好")
    press(page, "暂不更换")
    page.get_by_text("更换识别器…").wait_for(state="attached")
    assert page.get_by_role("heading", name="回答可以更好").count() == 0


@pytest.mark.skipif(not AXE, reason="axe-core is not installed: npm ci")
@pytest.mark.parametrize(
    ("scheme", "width_px", "language"), [("light", 1280, "en"), ("dark", 320, "zh")]
)
def test_axe_finds_nothing_in_any_state(
    browser: "Browser", data_dir: Path, scheme: Any, width_px: int, language: str, address: str
) -> None:
    context = browser.new_context(viewport={"width": width_px, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    pages = (*STATES, "colours/pair", "ready/pair/discard", "ready/compare?q=red")
    for path in pages:
        page.goto(f"{address}collections/{path}{'&' if '?' in path else '?'}lang={language}")
        assert found_by_axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width_px, path
    context.close()
