"""Formats that Pillow does not read: drawings and raw files, indexed or refused."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from search.errors import BadPicture
from search.pictures import PICTURE_SUFFIXES, Limits, read_picture
from search.pictures.formats import jpegxl
from search.pictures.visual_hash import main_colours, perceptual_hash
from tests.pictures_of_every_kind import SVG, corners, quadrants, raw_file, shows_quadrants


def test_a_drawing_is_rendered_over_white(tmp_path: Path) -> None:
    path = tmp_path / "drawing.svg"
    path.write_text(SVG.format(more=""))
    picture, facts = read_picture(path, drawings=True)
    assert shows_quadrants(picture), corners(picture)
    assert (facts.format, facts.width_px, facts.height_px) == ("SVG", 1024, 768)


def test_a_drawing_opens_nothing_outside_itself(tmp_path: Path) -> None:
    Image.new("RGB", (64, 48), "black").save(tmp_path / "secret.png")
    outside = f'<image width="64" height="48" xlink:href="{tmp_path / "secret.png"}"/>'
    outside += outside.replace("xlink:href", "href").replace("/tmp", "file:///tmp")
    (tmp_path / "drawing.svg").write_text(SVG.format(more=outside))
    assert shows_quadrants(read_picture(tmp_path / "drawing.svg", drawings=True)[0])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            '<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
            "unsupported",
        ),
        ("<svg xmlns='http://www.w3.org/2000/svg'><rect", "truncated"),
    ],
)
def test_a_drawing_that_can_not_be_rendered_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadPicture) as caught:
        read_picture(text.encode(), drawings=True)
    assert caught.value.reason == reason


def test_a_raw_file_is_shown_by_its_preview(tmp_path: Path) -> None:
    picture, facts = read_picture(raw_file(tmp_path / "photo.dng"))
    assert facts.format == "RAW"
    assert shows_quadrants(picture), corners(picture)


def test_every_suffix_of_a_converted_format_is_indexed() -> None:
    assert {".svg", ".dng", ".nef", ".cr2", ".cr3", ".arw"} <= PICTURE_SUFFIXES


def test_copies_share_their_hash_and_other_pictures_do_not() -> None:
    chance = np.random.default_rng(5)
    pictures = [
        Image.fromarray(chance.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize((640, 480))
        for _ in range(2)
    ]
    written = BytesIO()
    pictures[0].resize((200, 150)).save(written, "JPEG", quality=60)
    bits = [perceptual_hash(each) for each in (*pictures, Image.open(written))]
    assert ((bits[0] ^ bits[2]) & (2**64 - 1)).bit_count() <= 3
    assert ((bits[0] ^ bits[1]) & (2**64 - 1)).bit_count() > 16


def test_the_main_colours_are_those_that_cover_most() -> None:
    picture = Image.new("RGB", (100, 100), "#ff0000")
    picture.paste("#0000ff", (0, 0, 100, 30))
    assert main_colours(picture) == ("#ff0000", "#0000ff")


def test_a_jpeg_xl_is_read_where_the_plugin_is() -> None:
    pytest.importorskip("pillow_jxl")
    written = BytesIO()
    jpegxl.register()
    quadrants().save(written, "JXL", lossless=True)
    picture, facts = read_picture(written.getvalue())
    assert shows_quadrants(picture), corners(picture)
    assert facts.format == "JXL"
    with pytest.raises(BadPicture) as caught:
        read_picture(written.getvalue()[:-9])
    assert caught.value.reason == "truncated"
    with pytest.raises(BadPicture) as caught:
        read_picture(written.getvalue(), limits=Limits(max_pixels=100))
    assert caught.value.reason == "too large"


@pytest.mark.slow
@pytest.mark.parametrize("boxed", [False, True])
@pytest.mark.parametrize("size", [(64, 48), (640, 480), (1920, 1080), (33, 7), (1, 300), (9000, 2)])
def test_the_size_of_a_jpeg_xl_is_read_from_its_header(size: tuple[int, int], boxed: bool) -> None:
    pytest.importorskip("pillow_jxl")
    jpegxl.register()
    written = BytesIO()
    Image.new("RGB", size).save(written, "JXL", use_container=boxed)
    assert jpegxl.size(written.getvalue()) == size


def test_a_header_of_jpeg_xl_that_ends_early_has_no_size() -> None:
    assert jpegxl.size(jpegxl.BARE) is None
    assert jpegxl.size(jpegxl.STARTS[1] + b"jxlc") is None
