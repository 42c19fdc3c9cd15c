"""WCAG 2.2 AA by axe-core, on every page, light and dark, on desktop and phone; page weights."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.axe import AXE, found_by_axe
from tests.browsing import served
from tests.colour_web import settings_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# axe takes seconds for a page of fifty pictures: the last page of an answer has the same parts.
PAGES = (
    "",
    "?text=red&similar=9&weight=-0.5&weight=1&start=101",
    "?q=red&start=5001",
    "pictures/9?q=red&rank=2",
    "?q=red&start=0",
    "api/v1/docs",
    "?q=red&start=101&lang=zh",
    "?q=red&start=101&more=9&less=8&lang=en",
    "kept?lang=en",
)

# Bytes sent over the network, without pictures.
MOST_BYTES = 150_000


@pytest.mark.browser
@pytest.mark.skipif(not AXE, reason="axe-core is not installed: npm ci")
@pytest.mark.parametrize(("scheme", "width_px"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing(browser: "Browser", address: str, scheme: Any, width_px: int) -> None:
    context = browser.new_context(
        viewport={"width": width_px, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    for path in PAGES:
        page.goto(address + path)
        assert found_by_axe(page) == [], path
    page.goto(f"{address}?similar=9&start=101&lang=en")
    page.get_by_role("button", name="Search by a part of it").click()
    assert found_by_axe(page) == [], "the dialog of a part"
    page.keyboard.press("Escape")
    page.locator("body").press("?")
    assert found_by_axe(page) == [], "the dialog of the keyboard"
    context.close()


@pytest.mark.browser
@pytest.mark.skipif(not AXE, reason="axe-core is not installed: npm ci")
def test_axe_finds_nothing_where_nothing_is_indexed_or_one_must_sign_in(
    browser: "Browser", tmp_path: Path
) -> None:
    with served(tmp_path / "data") as (_, url):
        page = browser.new_page()
        for path in ("", "?q=red"):
            page.goto(url + path)
            assert found_by_axe(page) == [], path
        page.close()
    from search.bootstrap import open_engine

    with open_engine(settings_in(tmp_path / "data")) as engine:
        engine.catalog.tokens.create("phone", "read")
    with served(tmp_path / "data", "--require-token") as (_, url):
        page = browser.new_page()
        page.goto(url)
        assert page.url == f"{url}sign-in?next=/"
        assert found_by_axe(page) == []
        page.close()


@pytest.mark.browser
def test_a_page_of_results_is_light_and_asks_nobody_else(browser: "Browser", address: str) -> None:
    page = browser.new_page()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: dict[str, float] = {}
    kinds: dict[str, tuple[str, str]] = {}
    session.on(
        "Network.responseReceived",
        lambda event: kinds.update({event["requestId"]: (event["type"], event["response"]["url"])}),
    )
    session.on(
        "Network.loadingFinished",
        lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}),
    )
    page.goto(f"{address}?q=red", wait_until="networkidle")
    page.close()
    assert all(url.startswith((address, "data:")) for _, url in kinds.values())
    rest = {key: url for key, (kind, url) in kinds.items() if kind != "Image"}
    assert len(rest) == 4  # the document, a stylesheet, a script, an icon
    assert sum(sizes.get(key, 0) for key in rest) < MOST_BYTES
