"""The page on a slow network, and with a server that stops: nothing is lost, and it asks again."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from search.bootstrap import open_engine
from tests.browsing import served
from tests.colour_web import settings_in, store_colours

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

# A phone at the edge of its network.
LATENCY_MS = 600
BYTES_PER_S = 50_000

WAITING = "document.body.classList.contains('waiting')"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gone")
    with open_engine(settings_in(folder / "data")) as engine:
        store_colours(engine.catalog, folder / "pictures", ("red", "green", "blue"))
    return folder / "data"


@pytest.fixture(scope="module")
def port() -> int:
    """Return a port that is free, for one server after the other."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def slow_page(page: "Page") -> Iterator["Page"]:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    conditions = {
        "offline": False,
        "latency": LATENCY_MS,
        "downloadThroughput": BYTES_PER_S,
        "uploadThroughput": BYTES_PER_S,
    }
    session.send("Network.emulateNetworkConditions", conditions)
    yield page
    session.detach()


def first_caption(page: "Page") -> str | None:
    page.locator("main:not([aria-busy]) #hit-1").wait_for()
    return page.locator("#hit-1 .shot").get_attribute("alt")


def test_on_a_slow_network_the_old_answer_stays_and_the_newest_words_win(
    slow_page: "Page", address: str
) -> None:
    slow_page.goto(f"{address}?q=green")
    box = slow_page.locator("#q")
    box.fill("red")
    slow_page.locator("body.waiting").wait_for()
    shown = slow_page.locator("#hit-1 .shot")
    assert shown.get_attribute("alt") == "a green wall"
    assert shown.evaluate("image => getComputedStyle(image).opacity") == "1"
    box.fill("blue")
    slow_page.wait_for_url("**/?q=blue")
    slow_page.get_by_role("heading", level=1, name="blue").wait_for()
    assert first_caption(slow_page) == "a blue wall"
    assert box.input_value() == "blue"
    slow_page.wait_for_function(f"() => !{WAITING}")


def test_on_a_slow_network_nothing_moves_when_pictures_come(
    slow_page: "Page", address: str
) -> None:
    slow_page.add_init_script(
        "window.moved = 0; new PerformanceObserver(list => list.getEntries()"
        ".forEach(each => moved += each.value)).observe({type: 'layout-shift', buffered: true})"
    )
    slow_page.goto(f"{address}?q=green&strictness=all", wait_until="networkidle")
    assert slow_page.evaluate("moved") < 0.02


def test_a_server_that_stopped_is_asked_again_until_it_answers(
    browser: "Browser", data_dir: Path, port: int
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    with served(data_dir, "--port", str(port)) as (process, url):
        page.goto(f"{url}?q=green")
        assert first_caption(page) == "a green wall"
        process.send_signal(signal.SIGTERM)
        process.wait()
    page.locator("#q").fill("blue")
    notice = page.get_by_role("status").filter(has_text="The server does not answer")
    notice.wait_for()
    page.wait_for_function(f"() => !{WAITING}")
    assert first_caption(page) == "a green wall", "the answer stays"
    assert page.locator("#q").input_value() == "blue", "the form stays"
    page.clock.fast_forward(5000)
    page.wait_for_function(f"() => !{WAITING}")
    assert notice.is_visible(), "it was asked again, and did not answer"
    with served(data_dir, "--port", str(port)):
        page.clock.fast_forward(5000)
        page.wait_for_url("**/?q=blue")
        page.get_by_role("heading", level=1, name="blue").wait_for()
        assert first_caption(page) == "a blue wall"
        assert page.locator("#notice").inner_text() == ""
    context.close()


def test_words_that_are_typed_meanwhile_are_asked_in_place_of_those_without_an_answer(
    browser: "Browser", address: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    page.goto(f"{address}?q=green")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route("**/?q=red", lambda route: route.abort())
    page.locator("#q").fill("red")
    page.get_by_text("The server does not answer").wait_for()
    page.locator("#q").fill("blue")
    page.get_by_role("heading", level=1, name="blue").wait_for()
    page.clock.fast_forward(20_000)
    assert first_caption(page) == "a blue wall"
    assert asked.count(f"{address}?q=red") == 1
    context.close()
