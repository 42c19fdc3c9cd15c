"""Makes the pictures of the page in docs/ again.

    python -m docs.screenshots [--photographs FOLDER]

They show the demo's photographs (`pip install ".[demo]"`), served by a `limn serve` of its own. The
map wants more of them, and `pip install ".[map]"`: only points of --photographs are seen on it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
from PIL import Image

from benchmarks.page import CHROMIUM_OPTIONS
from benchmarks.soak import serving
from indexer.demo import collect_demo

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DOCS = Path(__file__).parent

# A page of documentation is read over slow lines too.
MOST_BYTES = 150_000
QUALITIES = (85, 75, 65, 50)


@dataclass(frozen=True, slots=True)
class View:
    """One picture of the page: what is asked, how wide and high the window is, how it looks."""

    name: str
    path: str
    width: int = 1280
    height: int = 860
    scheme: Literal["light", "dark"] = "light"
    language: str = "en"
    ready: str = ".tile"


VIEWED = "pictures/1?q=a+smiling+astronaut&rank=1&look=places"

VIEWS = (
    View("page", "?q=a+cat+with+green+eyes"),
    View("page-chips", "?q=a+pagoda&text=people&weight=-0.6", 1200, 760),
    View("page-filters", "?panel=colour&where=colour+%3D+brown", height=800),
    View("page-viewer", VIEWED, height=800, ready=".viewer .places"),
    View("page-home", "", 1200, 800),
    View("page-nothing", "?q=an+oil+tanker", 1200, 700, ready="h1"),
    View("page-dark", "?q=the+night+sky", 1200, 800, scheme="dark"),
    View("page-phone", "?q=flowers", 360, 740),
    View("page-chinese", "?q=湖边的宝塔", 1200, 800, language="zh"),
)
MAP = View("page-map", "collections/photographs/map", height=900, ready="[data-ready]")


@click.command()
@click.option("--photographs", type=click.Path(exists=True, file_okay=False), help="For the map.")
@click.option("--out", default=DOCS, type=click.Path(path_type=Path), help="[default: docs/]")
def main(photographs: str | None, out: Path) -> None:
    """Index, serve, and look at the pages."""
    with tempfile.TemporaryDirectory() as made:
        os.environ["LIMN_DATA_DIR"] = f"{made}/data"
        _limn("index", str(collect_demo(Path(made) / "demo")), "--collection", "demo")
        _show(VIEWS, out)
        if photographs is not None:
            _limn("index", photographs, "--collection", "photographs")
            _limn("map", "photographs")
            _show([MAP], out)


def _limn(*arguments: str) -> None:
    limn = Path(sys.executable).with_name("limn")
    subprocess.run([str(limn), *arguments], check=True)


def _show(views: Sequence[View], out: Path) -> None:
    from playwright.sync_api import sync_playwright

    with serving() as (url, _), sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_OPTIONS))
        for view in views:
            _write(_look(browser, url, view), out / f"{view.name}.webp")
        browser.close()


def _look(browser: "Browser", url: str, view: View) -> Image.Image:
    """Return the page once all that is in sight has come."""
    context = browser.new_context(
        viewport={"width": view.width, "height": view.height},
        color_scheme=view.scheme,
        locale=view.language,
    )
    page = context.new_page()
    page.goto(url + view.path)
    page.locator(view.ready).first.wait_for()
    page.wait_for_load_state("networkidle")
    page.reload()  # by now placeholders and thumbnails are made
    page.locator(view.ready).first.wait_for()
    page.wait_for_load_state("networkidle")
    shot = Image.open(BytesIO(page.screenshot()))
    context.close()
    return shot.convert("RGB")


def _write(shot: Image.Image, path: Path) -> None:
    """Write it as well as its size allows."""
    for quality in QUALITIES:
        data = BytesIO()
        shot.save(data, "WEBP", quality=quality, method=6)
        if data.tell() <= MOST_BYTES:
            break
    path.write_bytes(data.getvalue())
    click.echo(f"{path.name}: {data.tell() / 1000:.0f} kB", err=True)


if __name__ == "__main__":
    main()
