"""Dates and places as devices, programs and people write them."""

import struct
import zlib
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational

from search.pictures import read_picture
from search.pictures.metadata.dates import from_timestamp, read_date
from search.pictures.metadata.places import (
    LATITUDE,
    LONGITUDE,
    place_of,
    read_degrees,
    read_iso_6709,
)
from search.pictures.metadata.reading import exif_place
from tests.metadata_of_every_standard import iptc, packet
from tests.pictures_of_every_kind import jpeg, quadrants
from web.pages.template_filters import moment

DATES = {
    "2019:05:04 12:30:00": "2019-05-04T12:30:00",
    "2014:06:07 08:09": "2014-06-07T08:09:00",
    "2014:06:07": "2014-06-07",
    "2014:06:07 ": "2014-06-07",
    "2014:06:07   :  :  ": "2014-06-07",
    "2014: 6: 7  8: 9:10": "2014-06-07T08:09:10",
    "2013:07:08 24:00:00": "2013-07-09T00:00:00",
    "2013:12:31 24:00:00": "2014-01-01T00:00:00",
    "2013:07:08 23:59:60": "2013-07-09T00:00:00",
    "2013:07:08 24:10:00": "2013-07-08",
    "2013:07:08 77:88:99": "2013-07-08",
    "2014/06/07 08:09:10": "2014-06-07T08:09:10",
    "2014-06-07 08.09.10": "2014-06-07T08:09:10",
    "2014.06.07 08:09:10": "2014-06-07T08:09:10",
    "2014:06:07:08:09:10": "2014-06-07T08:09:10",
    "2014年06月07日 08:09": "2014-06-07T08:09:00",
    "2014:06:07 下午 08:09:10": "2014-06-07T20:09:10",
    "2014:06:07 08:09:10 PM": "2014-06-07T20:09:10",
    "20140607": "2014-06-07",
    "20140607 080910": "2014-06-07T08:09:10",
    "20140607T080910Z": "2014-06-07T08:09:10Z",
    "2014-06-07T08:09:10.123+02:00": "2014-06-07T08:09:10+02:00",
    "2014-06-07T08:09-0930": "2014-06-07T08:09:00-09:30",
    "2014-06-07T08:09:10+99:00": "2014-06-07T08:09:10",
    "Sat, 07 Jun 2014 08:09:10 GMT": "2014-06-07T08:09:10Z",
    "Sat Jun 07 08:09:10 2014": "2014-06-07T08:09:10",
    "1985": "1985-01-01",
    "1985-03": "1985-03-01",
    "1985:00:00 00:00:00": "1985-01-01",
    "0000:00:00 00:00:00": None,
    "0001-01-01T00:00:00": None,
    "    :  :     :  :  ": None,
    "2001:02:31 04:05:06": None,
    "2014:13:01 00:00:00": None,
    "9999:99:99 99:99:99": None,
    "07/06/2014": None,
    "123456789": None,
    "yesterday": None,
    "": None,
}


@pytest.mark.parametrize(("text", "wanted"), DATES.items())
def test_what_is_sure_of_a_date_is_kept(text: str, wanted: str | None) -> None:
    assert read_date(text) == read_date(f"  {text}\n") == wanted


@pytest.mark.slow
@settings(deadline=None)
@given(st.text() | st.text("0123456789:-/ TZ+.", max_size=30))
def test_any_text_is_a_date_or_none(text: str) -> None:
    found = read_date(text, text)
    assert found is None or len(found) >= len("2014-06-07")


@settings(deadline=None)
@given(st.floats())
def test_any_number_is_a_moment_or_none(seconds: float) -> None:
    assert (from_timestamp(seconds) or "Z").endswith("Z")


@pytest.mark.parametrize("offset", ["+02:00", "+0200", "+2", "+02"])
def test_a_time_zone_may_stand_beside_the_time(offset: str) -> None:
    assert read_date("2014:06:07 08:09:10", offset) == "2014-06-07T08:09:10+02:00"
    assert read_date("2014-06-07T08:09:10Z", offset) == "2014-06-07T08:09:10Z"
    assert read_date("2014:06:07", offset) == "2014-06-07"


def test_the_date_of_the_picture_goes_before_that_of_its_scan(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = "2019:05:05 00:00:00"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeDigitized] = "2019:05:04 12:30:00"
    xmp = packet(attributes={"photoshop:DateCreated": "1985-03-02"})
    assert read_picture(jpeg(tmp_path / "a.jpg", exif=exif))[1].taken_at == "2019-05-04T12:30:00"
    both = jpeg(tmp_path / "a.jpg", exif=exif, xmp=xmp)
    assert read_picture(both)[1].taken_at == "1985-03-02"


def test_dates_in_iptc_may_lack_their_time_or_their_day(tmp_path: Path) -> None:
    data = jpeg(tmp_path / "a.jpg").read_bytes()
    for records, wanted in (
        ([(2, 55, b"20180506")], "2018-05-06"),
        ([(2, 55, b"20180506"), (2, 60, b"070809")], "2018-05-06T07:08:09"),
        ([(2, 55, b"20180000")], "2018-01-01"),
        ([(2, 62, b"20180506"), (2, 63, b"070809-0800")], "2018-05-06T07:08:09-08:00"),
        ([(2, 55, b"00000000")], None),
    ):
        facts = read_picture(data[:2] + iptc(records) + data[2:])[1]
        assert facts.taken_at == wanted


def test_a_png_is_dated_by_its_texts_and_else_by_its_last_change(tmp_path: Path) -> None:
    path, texts = tmp_path / "a.png", PngInfo()
    texts.add_text("Creation Time", "Sat, 07 Jun 2014 08:09:10 GMT")
    texts.add_text("date:create", "2016-01-01T00:00:00+00:00")
    quadrants().save(path, pnginfo=texts)
    assert read_picture(path)[1].taken_at == "2014-06-07T08:09:10Z"
    quadrants().save(path)
    chunk = b"tIME" + struct.pack(">H5B", 2017, 3, 4, 5, 6, 7)
    written = struct.pack(">I", 7) + chunk + struct.pack(">I", zlib.crc32(chunk))
    data = path.read_bytes()
    place = data.index(b"IDAT") - 4
    assert read_picture(data[:place] + written + data[place:])[1].taken_at == "2017-03-04T05:06:07Z"


DEGREES = [
    ("48,30.0N", "", LATITUDE, 48.5),
    ("48,30,0S", "", LATITUDE, -48.5),
    ("2,15.0W", "", LONGITUDE, -2.25),
    ("48.5", "", LATITUDE, 48.5),
    ("-2.25", "", LONGITUDE, -2.25),
    ("2.25", "West", LONGITUDE, -2.25),
    ("48 deg 30' 0.00\" N", "", LATITUDE, 48.5),
    ("48°30'N", "", LATITUDE, 48.5),
    ("48,30.0", "", LATITUDE, None),
    ("48.5E", "", LATITUDE, None),
    ("91", "", LATITUDE, None),
    ("north", "", LATITUDE, None),
    ("", "N", LATITUDE, None),
]


@pytest.mark.parametrize(("text", "side", "limit", "wanted"), DEGREES)
def test_degrees_are_read_as_they_are_written(
    text: str, side: str, limit: int, wanted: float | None
) -> None:
    assert read_degrees(text, side, limit) == wanted


@settings(deadline=None)
@given(st.text() | st.text("0123456789,.-+NSEW/", max_size=30))
def test_any_text_is_a_place_or_none(text: str) -> None:
    for limit in (LATITUDE, LONGITUDE):
        found = read_degrees(text, text, limit)
        assert found is None or abs(found) <= limit
    assert read_iso_6709(text) is None or place_of(*read_iso_6709(text) or (0, 0))


@pytest.mark.parametrize(
    "text",
    ["+48.5000-002.2500/", "+48.5-002.25+035.0/", "+4830-00215/", "+483000-0021500CRSWGS_84/"],
)
def test_films_write_places_in_one_text(text: str) -> None:
    assert read_iso_6709(text) == (48.5, -2.25)


@pytest.mark.parametrize(
    ("latitude", "side"),
    [
        ((48.0, 30.0), "N"),
        ((48.5,), "N"),
        (48.5, "N"),
        ((48.0, 30.0, IFDRational(0, 0)), "N"),
        ((48.0, 30.0, 0.0), "north\0"),
        ((48.0, 30.0, 0.0), b"N"),
        ("48 30 0", "N"),
    ],
)
def test_exif_places_may_be_written_oddly(latitude: object, side: object) -> None:
    assert exif_place({1: side, 2: latitude, 3: "W", 4: (2.0, 15.0, 0.0)}) == (48.5, -2.25)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "day", "time"),
    [("en", "7 June 2014", "7 June 2014, 00:00"), ("zh", "2014年6月7日", "2014年6月7日 00:00")],
)
def test_a_day_without_a_time_is_not_shown_as_midnight(
    language: str, day: str, time: str, client: FlaskClient
) -> None:
    with client.application.test_request_context(headers={"Accept-Language": language}):
        assert moment("2014-06-07") == day
        assert moment("2014-06-07T00:00:00Z") == time
