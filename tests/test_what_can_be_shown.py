"""Damaged files: shown if no pixel is missing, listed as truncated if rows are."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from search.errors import BadPicture
from search.pictures import pillow_setup, read_picture
from tests.pictures_of_every_kind import quadrants, shows_quadrants

HEADER_END = 33
END_BYTES = 12

# Chunk types of the PNG specification and its extensions, and some unknown ones.
ANCILLARY = (
    *("tEXt", "zTXt", "iTXt", "tIME", "pHYs", "gAMA", "cHRM", "sRGB", "iCCP", "eXIf", "bKGD"),
    *("sBIT", "hIST", "sPLT", "cICP", "tRNS", "acTL", "fcTL", "fdAT", "vpAg", "prVt"),
)


def encoded(kind: str, picture: Image.Image | None = None, **options: Any) -> bytes:
    written = BytesIO()
    (picture or quadrants()).save(written, kind, **options)
    return written.getvalue()


def noise(width_px: int = 300, height_px: int = 200) -> Image.Image:
    values = np.random.default_rng(3).integers(0, 256, (height_px, width_px, 3), dtype=np.uint8)
    return Image.fromarray(values)


def chunk(kind: str, body: bytes, checksum: int | None = None) -> bytes:
    name = kind.encode()
    right = zlib.crc32(name + body)
    return (
        struct.pack(">I", len(body))
        + name
        + body
        + struct.pack(">I", right if checksum is None else checksum)
    )


def with_chunks(*chunks: bytes) -> bytes:
    data = encoded("PNG")
    return data[:HEADER_END] + b"".join(chunks) + data[HEADER_END:]


def reason(data: bytes) -> str | None:
    """Return the reason that bytes are refused for; None for readable bytes."""
    try:
        read_picture(data)
    except BadPicture as error:
        return error.reason
    return None


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(ANCILLARY),
    body=st.binary(max_size=40),
    right=st.booleans(),
    behind=st.booleans(),
)
def test_a_png_is_shown_whatever_its_other_chunks_hold(
    kind: str, body: bytes, right: bool, behind: bool
) -> None:
    other = chunk(kind, body, None if right else 5)
    data = encoded("PNG")
    place = len(data) - END_BYTES if behind else HEADER_END
    picture, _ = read_picture(data[:place] + other + data[place:])
    if not (kind == "tRNS" and right):  # a tRNS chunk may make a colour transparent
        assert shows_quadrants(picture)


@pytest.mark.parametrize(
    "texts",
    [
        [("zTXt", b"k\0\0" + zlib.compress(b"x" * 2_000_000))],
        [("zTXt", b"k\0\0" + zlib.compress(b"x" * 900_000))] * 80,
        [("iTXt", b"k\0\1\0\0\0" + zlib.compress(b"x" * 2_000_000))],
        [("iTXt", b"k\0\0\0\0\0" + b"x" * 2_000_000)],
        [("tEXt", b"k\0" + b"x" * 70_000_000)],
        [("tEXt", b"k\0x")] * 20_000,
        [("iCCP", b"k\0\0" + zlib.compress(b"x" * 2_000_000))],
    ],
    ids=["packed", "many", "international", "plain", "huge", "thousands", "profile"],
)
def test_a_png_with_long_texts_is_shown_with_its_caption(texts: list[tuple[str, bytes]]) -> None:
    caption = chunk("tEXt", b"Description\0four fields")
    data = with_chunks(caption, *(chunk(kind, body) for kind, body in texts))
    picture, facts = read_picture(data)
    assert shows_quadrants(picture)
    assert [each.text for each in facts.captions] == ["four fields"]


@pytest.mark.parametrize("interlaced", [False, True])
def test_a_png_is_shown_without_its_end_and_refused_without_its_rows(interlaced: bool) -> None:
    data = encoded("PNG", noise()) if not interlaced else _interlaced(noise(37, 29))
    pixels_end = len(data) - END_BYTES
    for cut in (*range(pixels_end, len(data)), pixels_end - 4):
        assert reason(data[:cut]) is None, cut
        if cut >= pixels_end:  # zeros before that are a wrong checksum of the pixels
            assert reason(data[:cut] + bytes(5000)) is None, cut
    assert reason(data[:pixels_end] + b"and then something else") is None
    for cut in np.linspace(HEADER_END + 10, pixels_end - 30, 25).astype(int):
        assert reason(data[:cut]) == "truncated", cut
        assert reason(data[:cut] + bytes(len(data) - cut)) == "truncated", cut


def _interlaced(picture: Image.Image) -> bytes:
    """Return rows interlaced by Adam7, unfiltered (PNG, 8.2)."""
    values = np.asarray(picture)
    rows = b""
    for left, top, across, down in (
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
        (0, 1, 1, 2),
    ):  # fmt: skip
        rows += b"".join(b"\0" + row.tobytes() for row in values[top::down, left::across])
    header = struct.pack(">IIBBBBB", picture.width, picture.height, 8, 2, 0, 0, 1)
    chunks = chunk("IHDR", header) + chunk("IDAT", zlib.compress(rows)) + chunk("IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def test_a_png_whose_pixels_have_a_wrong_checksum_is_truncated() -> None:
    data = bytearray(encoded("PNG"))
    data[-END_BYTES - 1] ^= 1
    assert reason(bytes(data)) == "truncated"


def test_an_iphones_own_png_is_unsupported() -> None:
    data = encoded("PNG")
    assert reason(data[:8] + chunk("CgBI", bytes(4)) + data[8:]) == "unsupported"


KINDS_OF_JPEG: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "with restarts": {"restart_marker_rows": 1},
    "grey": {},
}


@pytest.mark.parametrize("kind", KINDS_OF_JPEG)
def test_a_jpeg_is_shown_without_its_end_and_refused_without_its_rows(kind: str) -> None:
    picture = noise().convert("L") if kind == "grey" else noise()
    data = encoded("JPEG", picture, quality=90, **KINDS_OF_JPEG[kind])
    whole = np.asarray(read_picture(data)[0])
    for flawed in (data[:-2], data[:-1], data[:-2] + bytes(9000)):
        assert np.array_equal(np.asarray(read_picture(flawed)[0]), whole)
    for cut in (3, 4, 10, 100, len(data) // 2):
        assert reason(data[:-cut]) == "truncated", cut
        assert reason(data[:-cut] + bytes(9000)) == "truncated", cut


def test_a_jpeg_that_ends_between_two_parts_lacks_the_second() -> None:
    restarts = encoded("JPEG", noise(), restart_marker_rows=1)
    last = max(restarts.rfind(bytes((0xFF, each))) for each in range(0xD0, 0xD8))
    assert reason(restarts[:last]) == "truncated"
    scans = encoded("JPEG", noise(), progressive=True)
    assert reason(scans[: scans.rfind(b"\xff\xc4")]) == "truncated"


def _twelve_bits(data: bytearray) -> None:
    data[data.index(b"\xff\xc0") + 4] = 12


def _lossless(data: bytearray) -> None:
    data[data.index(b"\xff\xc0") + 1] = 0xC7


@pytest.mark.parametrize("change", [_twelve_bits, _lossless])
def test_a_rare_kind_of_jpeg_is_unsupported(change: Callable[[bytearray], None]) -> None:
    data = bytearray(encoded("JPEG"))
    change(data)
    assert reason(bytes(data)) == "unsupported"


def test_a_rare_kind_of_bitmap_is_unsupported() -> None:
    data = bytearray(encoded("BMP"))
    data[30] = 4  # packed as a JPEG
    assert reason(bytes(data)) == "unsupported"


def test_a_jpeg_2000_of_five_channels_is_unsupported() -> None:
    data = bytearray(encoded("JPEG2000", no_jp2=True))
    place = data.index(b"\xff\x4f\xff\x51") + 40
    data[place : place + 2] = struct.pack(">H", 5)
    data[place + 2 : place + 2] = b"\x07\x01\x01" * 2
    data[place - 36 : place - 34] = struct.pack(">H", 38 + 15)
    assert reason(bytes(data)) == "unsupported"


def test_a_drawing_that_resvg_refuses_is_not_called_truncated() -> None:
    data = b'<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0" viewBox="0 0 0 0"/>'
    with pytest.raises(BadPicture) as caught:
        read_picture(data, drawings=True)
    assert caught.value.reason == "unsupported"


@pytest.mark.parametrize("codec", [b"vvc1", b"unci", b"av01"])
def test_a_heic_of_another_codec_is_unsupported(codec: bytes) -> None:
    pillow_setup.ready()
    data = encoded("HEIF", quality=90)
    assert reason(data.replace(b"hvc1", codec).replace(b"hvcC", b"av1C")) == "unsupported"
    assert reason(data[:-9]) == "truncated"
