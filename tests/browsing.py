"""Fixtures of browser tests: a real `limn serve` of colours, Chromium, and a checked page."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from search.bootstrap import open_engine
from search.records import Caption
from tests.colour_web import settings_in, store, store_colours
from tests.commands import limn_command

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

COLOURS = ("red", "green", "blue", "yellow", "black", "white", "orange", "purple")

# A browser's own traffic must not leave this machine.
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def served(
    data_dir: Path, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a `limn serve` of its own on a free port, and yield its address."""
    usual = {**os.environ, "LIMN_DATA_DIR": str(data_dir), "LIMN_ENCODER": "tiny"}
    command = limn_command(["serve", "--port", "0", *options])
    with subprocess.Popen(
        command, env={**usual, **(environment or {})}, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            told = process.stderr.readline()
            found = re.search(r"http://\S+/", told)
            assert found is not None, told + process.stderr.read()
            yield process, found[0]
        finally:
            process.kill()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield a server of eight captioned colours, one caption in Chinese, and a hundred shades."""
    folder = tmp_path_factory.mktemp("served")
    with open_engine(settings_in(folder / "data")) as engine:
        store_colours(engine.catalog, folder / "pictures", COLOURS)
        captions = [Caption("红色的墙", "zh")]
        store(engine.catalog, folder / "wide.png", "crimson", captions, size=(1200, 300))
        for number in range(100):
            shade = f"rgb({number * 2}, {200 - number}, {90 + number})"
            size = (300 + 40 * (number % 15), 400)
            store(engine.catalog, folder / f"shade-{number}.png", shade, size=size)
    with served(folder / "data") as (_, url):
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on the path")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_OPTIONS))
        yield launched
        launched.close()


@pytest.fixture
def page(browser: "Browser", address: str) -> Iterator["Page"]:
    """Yield a new page, which must end without a console error or a request to another host."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((address, "data:", "blob:"))
            else said.append(f"a request to {request.url}")
        ),
    )
    yield opened
    context.close()
    assert said == []
