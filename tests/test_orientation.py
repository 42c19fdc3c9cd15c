"""Orientation by the rule of each format: pictures are upright, and never turned twice."""

import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from search.pictures import pillow_setup, read_picture
from search.pictures.formats import jpegxl
from tests.pictures_of_every_kind import (
    ORIENTATION_TAG,
    corners,
    quadrants,
    shows_quadrants,
    stored_as,
)

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[ORIENTATION_TAG] = orientation
    return tags


def encoded(kind: str, picture: Image.Image, **options: Any) -> bytes:
    pillow_setup.ready()
    if kind == "JXL":
        pytest.importorskip("pillow_jxl")
        jpegxl.register()
    written = BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def is_upright(data: bytes) -> bool:
    picture, facts = read_picture(data)
    assert picture.size == (facts.width_px, facts.height_px) == (64, 48)
    return shows_quadrants(picture, 25)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_no_jpeg_xl(orientation: int) -> None:
    data = encoded("JXL", quadrants(), lossless=True, exif=exif(orientation).tobytes())
    assert is_upright(data)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("restored", [True, False])
def test_a_jpeg_xl_made_of_a_turned_jpeg_is_upright(
    orientation: int, restored: bool, tmp_path: Path
) -> None:
    """Check the codestream's own orientation; the restored JPEG has the original's."""
    stored_as(orientation, quadrants()).save(
        tmp_path / "a.jpg", quality=95, subsampling=0, exif=exif(orientation)
    )
    with Image.open(tmp_path / "a.jpg") as picture:
        data = encoded("JXL", picture, lossless_jpeg=True)
    assert is_upright(data if restored else without_box(data, b"jbrd"))


def without_box(data: bytes, kind: bytes) -> bytes:
    """Return a file of boxes without the boxes of one kind."""
    kept = b""
    place = 0
    while place < len(data):
        length, found = struct.unpack_from(">I4s", data, place)
        length = length or len(data) - place
        kept += data[place : place + length] if found != kind else b""
        place += length
    return kept


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_avif_is_turned_by_its_own_boxes_once(orientation: int) -> None:
    stored = stored_as(orientation, quadrants())
    assert is_upright(encoded("AVIF", stored, quality=95, exif=exif(orientation)))


@pytest.mark.parametrize("kind", ["AVIF", "HEIF", "JXL"])
def test_what_xmp_says_turns_none_whose_header_says_how_it_lies(kind: str) -> None:
    data = encoded(kind, quadrants(), quality=95, **({} if kind == "JXL" else {"xmp": XMP}))
    picture, _ = read_picture(data)
    if kind == "HEIF":  # its writer copies the XMP into the header
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    assert shows_quadrants(picture, 25), corners(picture)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_alone_turns_no_heic(orientation: int) -> None:
    """Check that EXIF turns no HEIC, as the test's writer stores EXIF and leaves the pixels."""
    assert is_upright(encoded("HEIF", quadrants(), quality=95, exif=exif(orientation)))


@pytest.mark.parametrize("name", ["a.webp", "a.png", "a.apng"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_frame_of_an_animation_is_upright(
    orientation: int, name: str, tmp_path: Path
) -> None:
    shown = [stored_as(orientation, quadrants()) for _ in range(4)]
    for place, frame in enumerate(shown):  # equal frames would be written as one
        frame.putpixel((place, 0), (0, 0, 0))
    path = tmp_path / name
    shown[0].save(
        path,
        save_all=True,
        append_images=shown[1:],
        duration=100,
        lossless=True,
        exif=exif(orientation),
    )
    for number in ("0", "2", "3"):
        picture, facts = read_picture(path / number)
        assert picture.size == (facts.width_px, facts.height_px) == (64, 48)
        assert shows_quadrants(picture), (number, corners(picture))
    assert is_upright(path.read_bytes())
