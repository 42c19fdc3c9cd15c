"""A served collection of pictures of every shape with dates, a copy of one, and a film."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from PIL import Image

from benchmarks.made_pictures import write_pictures
from indexer.indexing.progress import PlainProgress
from indexer.indexing.request import Request
from indexer.indexing.run import run
from tests.browsing import served
from tests.colour_web import opened, settings_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURES = 260


def playable_film(path: Path) -> Path:
    """Return a film that browsers play: red for a second, then blue."""
    with av.open(str(path), "w") as written:
        stream = written.add_stream("libvpx", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.gop_size = 5
        for colour in ("red", "blue"):
            still = np.asarray(Image.new("RGB", (96, 64), colour))
            for _ in range(10):
                written.mux(stream.encode(av.VideoFrame.from_ndarray(still, format="rgb24")))
        written.mux(stream.encode(None))
    return path


def copy_of(path: Path) -> None:
    """Save a picture again, smaller and worse, next to it."""
    with Image.open(path) as picture:
        half = picture.resize((picture.width // 2, picture.height // 2))
        half.save(path.with_name(f"copy-of-{path.name}"), quality=40, exif=picture.getexif())


@contextmanager
def mixed_pictures(folder: Path) -> Iterator[str]:
    """Yield the address of a server of the collections "mixed" and "films"."""
    write_pictures(folder / "mixed", PICTURES)
    copy_of(folder / "mixed" / "00000.jpg")
    (folder / "films").mkdir()
    playable_film(folder / "films" / "beach.webm")
    settings = settings_in(folder / "data")
    with opened(settings) as (engine, _):
        for name in ("mixed", "films"):
            run(engine, settings, Request.of((str(folder / name),), name), PlainProgress())
    with served(folder / "data", "--no-worker") as (_, url):
        yield url


def settled(page: "Page") -> None:
    """Wait until everything in the window is there, after scrolling."""
    page.evaluate("() => new Promise(next => requestAnimationFrame(() => setTimeout(next)))")
    page.locator(".coming").first.wait_for(state="detached")
