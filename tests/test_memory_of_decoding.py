"""Memory of decoding: bounded in bytes; large pictures are decoded one at a time."""

import os
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from indexer.indexing.decode import Busy, DecodedPicture, Work, work_on
from indexer.sources import Item
from search.encoders.tiny import TinyEncoder
from search.errors import BadPicture
from search.pictures import Limits, load_file, memory, pillow_setup, read_picture
from search.pictures.containers.film import Film
from search.settings import Settings
from tests import collections_of_every_kind as made
from tests.pictures_of_every_kind import quadrants, shows_quadrants
from tests.tiffs import DEFLATE, Way, tiff

SIDE_PX = 2500
PIXELS = SIDE_PX**2

MEASURE = """
import resource, sys
from pathlib import Path
from search.pictures import Limits, read_picture
from indexer.indexing.decode import Busy, DecodedPicture, Work, work_on
from indexer.sources import Item
from search.encoders.tiny import TinyEncoder
from search.errors import BadPicture
import PIL.ImageCms, numpy, pillow_heif, PIL.TiffImagePlugin
from search.pictures import pillow_setup
pillow_setup.ready()
path, allowed = Path(sys.argv[1]), int(sys.argv[2])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_picture(path, limits=Limits(max_decode_bytes=allowed))
except BadPicture as error:
    print(error.reason)
else:
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10)
"""


def flat(mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (SIDE_PX, SIDE_PX), "red" if mode != "L" else 90)


def saved(kind: str, mode: str = "RGB", **options: Any) -> Callable[[], bytes]:
    def write() -> bytes:
        pillow_setup.ready()
        written = BytesIO()
        flat(mode).save(written, kind, **options)
        return written.getvalue()

    return write


def deep(separate: bool, depth: str) -> Callable[[], bytes]:
    samples = np.zeros((SIDE_PX, SIDE_PX, 3), depth)
    return lambda: tiff(samples, "rgb", Way(separate=separate, packing=DEFLATE))


BOMBS: dict[str, Callable[[], bytes]] = {
    "plain.png": saved("PNG"),
    "transparent.png": saved("PNG", "RGBA"),
    "progressive.jpg": saved("JPEG", progressive=True, subsampling=0),
    "cmyk.jpg": saved("JPEG", "CMYK"),
    "a.webp": saved("WEBP"),
    "a.avif": saved("AVIF", speed=10),
    "a.heic": saved("HEIF"),
    "a.jp2": saved("JPEG2000"),
    "grey.jp2": saved("JPEG2000", "L"),
    "lzw.tif": saved("TIFF", compression="tiff_lzw"),
    "planar.tif": deep(True, "u2"),
    "float.tif": deep(False, "f4"),
    "a.bmp": saved("BMP"),
    "a.gif": saved("GIF", "P"),
}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="peaks are measured by getrusage")
@pytest.mark.parametrize("name", BOMBS)
def test_a_decoding_takes_no_more_than_it_may(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(BOMBS[name]())
    small_bytes = path.stat().st_size + (60 << 20)  # the file, libraries, and working space
    allowed = 26 * PIXELS
    said = subprocess.check_output([sys.executable, "-c", MEASURE, path, str(allowed)], text=True)
    assert int(said) < allowed + small_bytes


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_decoding_over_the_limit_is_refused_by_name(name: str) -> None:
    with pytest.raises(BadPicture, match="LIMN_MAX_DECODE_BYTES") as caught:
        read_picture(BOMBS[name](), limits=Limits(max_decode_bytes=PIXELS // 5000))
    assert caught.value.reason == "too large"


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_a_frame_of_an_animation_is_bounded_too(name: str, tmp_path: Path) -> None:
    picture = quadrants(600, 400)
    picture.save(tmp_path / name, save_all=True, append_images=[picture.rotate(180)])
    limits = Limits(max_decode_bytes=600 * 400 * 4)
    with pytest.raises(BadPicture, match="LIMN_MAX_DECODE_BYTES"):
        load_file(tmp_path / name / "1", limits)


def test_a_frame_of_a_film_is_bounded_too(tmp_path: Path) -> None:
    with pytest.raises(BadPicture, match="LIMN_MAX_DECODE_BYTES"):
        Film(made.film(tmp_path / "a.mp4"), Limits(max_decode_bytes=10_000))


def test_a_large_picture_is_reduced_and_its_facts_are_of_the_whole() -> None:
    written = BytesIO()
    picture = quadrants(2000, 1500).convert("RGBA")
    picture.save(written, "PNG")
    limits = Limits(max_decode_bytes=2000 * 1500 * 5)  # no room for a second full copy
    small, facts = read_picture(written.getvalue(), limits=limits)
    assert small.size == (1000, 750)
    assert shows_quadrants(small)
    assert (facts.width_px, facts.height_px) == (2000, 1500)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "CMYK", "I;16", "1"])
def test_bands_of_a_picture_join_without_a_seam(mode: str) -> None:
    """Compare a picture larger than one band with its conversion at once."""
    width_px, height_px = 2500, 2001
    ramp = np.add.outer(np.arange(height_px), np.arange(width_px)) % 251
    grey = Image.fromarray(ramp.astype(np.uint8))
    picture = (
        Image.fromarray((ramp * 257).astype(np.uint16)) if mode == "I;16" else (grey.convert(mode))
    )
    written = BytesIO()
    picture.save(written, "TIFF")
    found = np.asarray(read_picture(written.getvalue())[0])
    wanted = grey if mode == "I;16" else picture
    assert np.array_equal(found, np.asarray(wanted.convert("RGB")))


def test_large_decodings_take_turns_among_processes_and_small_ones_pass(tmp_path: Path) -> None:
    limits = Limits(max_decode_bytes=1000, turns=tmp_path / "turns")
    order: list[str] = []

    def decode() -> None:
        with memory.turn(900, "b", limits):
            order.append("after")

    with FileLock(tmp_path / "turns"):  # as if another process had it
        waiting = threading.Thread(target=decode)
        waiting.start()
        with memory.turn(200, "a", limits):
            order.append("small")
        assert waiting.is_alive()
        order.append("before")
    waiting.join()
    assert order == ["small", "before", "after"]


def test_a_worker_that_waits_for_its_turn_says_that_it_lives(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(BOMBS["plain.png"]())
    limits = Limits(max_decode_bytes=5 * PIXELS, turns=tmp_path / "turns", wait_s=0.05)
    work = Work(Item(tmp_path / "a.png", 0, 0))
    with FileLock(tmp_path / "turns"):  # as if another process had it
        outcomes = work_on(work, TinyEncoder().preparation, limits)
        assert [type(next(outcomes)) for _ in range(3)] == [Busy] * 3
    assert isinstance([*outcomes][-1], DecodedPicture)


def test_a_folder_that_can_not_be_written_holds_nothing_up(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with memory.turn(900, "a", Limits(max_decode_bytes=1000, turns=tmp_path / "file" / "turns")):
        pass


def test_the_limit_is_a_setting() -> None:
    assert Settings.from_environment({}).max_decode_bytes == Limits().max_decode_bytes
    assert Settings.from_environment({"LIMN_MAX_DECODE_BYTES": "5_000"}).max_decode_bytes == 5000


@pytest.mark.parametrize("sides", ['width="1" height="100000" viewBox="0 0 9 9"', ""])
def test_a_drawing_that_is_all_height_takes_no_more_than_another(sides: str) -> None:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {sides}><rect width="1" height="999"/></svg>'
    picture, _ = read_picture(svg.encode(), drawings=True)
    assert max(picture.size) <= 1024


def test_a_picture_within_a_drawing_is_bounded_too() -> None:
    within = b64encode(BOMBS["plain.png"]()).decode()
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
        f'<image width="9" height="9" href="data:image/png;base64,{within}"/></svg>'
    )
    with pytest.raises(BadPicture, match="LIMN_MAX_DECODE_BYTES"):
        read_picture(svg.encode(), drawings=True, limits=Limits(max_decode_bytes=PIXELS))
