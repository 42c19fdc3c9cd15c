"""Metadata of raw files, in the directories of each maker."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from search.pictures import pillow_setup, read_picture
from search.pictures.metadata.raw import raw_facts
from search.records import PictureFacts
from tests.metadata_of_every_standard import bag, packet


def directory(gps: bool = True) -> bytes:
    """Return a TIFF's directories as a camera fills them: camera, date, place and XMP packet."""
    exif = Image.Exif()
    exif.endian = "<"
    exif[ExifTags.Base.Make] = "Limn"
    exif[ExifTags.Base.Model] = "Test One"
    exif[700] = packet(bag("dc:subject", "lighthouse"), {"xmp:Rating": "4"})
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2019:08:07 06:05:04"
    if gps:
        place = {1: "N", 2: (48.5, 0.0, 0.0), 3: "W", 4: (2.25, 0.0, 0.0)}
        exif.get_ifd(ExifTags.IFD.GPSInfo).update(place)
    return exif.tobytes().removeprefix(b"Exif\0\0")


def check(facts: PictureFacts) -> None:
    """Check all the facts above."""
    assert facts.taken_at == "2019-08-07T06:05:04"
    assert facts.camera == "Limn Test One"
    assert (facts.latitude, facts.longitude) == (48.5, -2.25)
    assert facts.rating == 4
    assert [each.text for each in facts.captions] == ["lighthouse"]


@pytest.mark.parametrize("magic", [b"II*\0", b"IIRO", b"IIRS", b"IIU\0"])
def test_the_directories_of_each_maker_are_read(magic: bytes) -> None:
    check(raw_facts(magic + directory()[4:]))


def box(name: bytes, *parts: bytes) -> bytes:
    """Return a box as films have them."""
    body = name + b"".join(parts)
    return (4 + len(body)).to_bytes(4, "big") + body


def test_the_boxes_of_canon_are_read() -> None:
    main, camera, gps = Image.Exif(), Image.Exif(), Image.Exif()
    main[ExifTags.Base.Make], main[ExifTags.Base.Model] = "Limn", "Test One"
    camera[ExifTags.Base.DateTimeOriginal] = "2019:08:07 06:05:04"
    gps.update({1: "N", 2: (48.5, 0.0, 0.0), 3: "W", 4: (2.25, 0.0, 0.0)})
    boxes = [
        box(name, exif.tobytes().removeprefix(b"Exif\0\0"))
        for name, exif in ((b"CMT1", main), (b"CMT2", camera), (b"CMT4", gps))
    ]
    xmp = packet(bag("dc:subject", "lighthouse"), {"xmp:Rating": "4"})
    written = box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), xmp)
    check(raw_facts(box(b"ftyp", b"crx ", bytes(4)) + box(b"moov", *boxes) + written))


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 300))
def test_a_damaged_raw_file_says_nothing_and_raises_nothing(data: bytes, place: int) -> None:
    pillow_setup.ready()  # as reading a picture does: Pillow's warnings are no errors
    for whole in (directory(), b"\0\0\0\x18ftypcrx " + bytes(8) + b"CMT1" + directory()):
        raw_facts(whole[:place] + data + whole[place + len(data) :])
        raw_facts(whole[:place])


def test_a_raw_file_with_a_bare_preview_has_its_own_date_and_camera(tmp_path: Path) -> None:
    tifffile = pytest.importorskip("tifffile")
    pytest.importorskip("rawpy")
    dng: list[Any] = [
        (50706, "B", 4, (1, 4, 0, 0), True),
        (50707, "B", 4, (1, 1, 0, 0), True),
        (50708, "s", 0, "Limn Test", True),
        (271, "s", 0, "Limn", True),
        (272, "s", 0, "Test One", True),
        (306, "s", 0, "2019:08:07 06:05:04", True),
        (50721, "2i", 9, (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1), True),
        (50728, "2I", 3, (1, 1, 1, 1, 1, 1), True),
    ]
    mosaic = [(33421, "H", 2, (2, 2), True), (33422, "B", 4, (0, 1, 1, 2), True)]
    with tifffile.TiffWriter(tmp_path / "photo.dng") as file:
        shown = np.full((480, 640, 3), 99, np.uint8)
        file.write(shown, photometric="rgb", subfiletype=1, extratags=dng, metadata=None)
        values = np.full((480, 640), 1000, np.uint16)
        file.write(values, photometric="cfa", extratags=dng + mosaic, metadata=None)
    facts = read_picture(tmp_path / "photo.dng")[1]
    assert facts.format == "RAW"
    assert (facts.width_px, facts.height_px) == (640, 480)
    assert (facts.taken_at, facts.camera) == ("2019-08-07T06:05:04", "Limn Test One")
