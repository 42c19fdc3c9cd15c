"""Metadata of picture files: date, place, camera, and texts."""

import struct
from pathlib import Path

import pytest
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational

from search.pictures import read_picture
from search.pictures.metadata.reading import camera_name, exif_place, taken_at
from search.records import Caption, PictureFacts
from tests.pictures_of_every_kind import jpeg, quadrants

XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:description><rdf:Alt>
<rdf:li xml:lang="x-default">A dog on the beach</rdf:li>
<rdf:li xml:lang="de">Ein Hund am Strand</rdf:li>
</rdf:Alt></dc:description>
<dc:title><rdf:Alt><rdf:li xml:lang="zh-CN">海滩上的狗</rdf:li></rdf:Alt></dc:title>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def facts(path: Path) -> PictureFacts:
    return read_picture(path)[1]


def texts(path: Path) -> dict[str, str]:
    return {caption.kind: caption.text for caption in facts(path).captions}


def with_exif(path: Path, tags: dict[int, object], inner: dict[int, object] | None = None) -> Path:
    """Return a picture with these tags in its EXIF, and others in its inner directory."""
    exif = Image.Exif()
    exif.update(tags)
    exif.get_ifd(ExifTags.IFD.Exif).update(inner or {})
    quadrants().save(path, exif=exif.tobytes())
    return path


def with_xmp(path: Path) -> Path:
    """Return a picture with the XMP above, at its format's place."""
    png_texts = PngInfo()
    png_texts.add_itxt("XML:com.adobe.xmp", XMP)
    packet = XMP.encode()
    quadrants().save(path, xmp=packet, pnginfo=png_texts, tiffinfo={700: packet})
    return path


def with_iptc(path: Path, records: list[tuple[int, int, bytes]]) -> Path:
    """Return a JPEG with IPTC records, each (record, dataset, value), in a Photoshop resource."""
    block = b"".join(struct.pack(">BBBH", 28, *key, len(value)) + value for *key, value in records)
    resource = (
        b"8BIM\x04\x04\0\0" + struct.pack(">I", len(block)) + block + b"\0" * (len(block) % 2)
    )
    body = b"Photoshop 3.0\0" + resource
    data = jpeg(path).read_bytes()
    path.write_bytes(data[:2] + b"\xff\xed" + struct.pack(">H", len(body) + 2) + body + data[2:])
    return path


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif", "tiff"])
def test_time_and_camera_are_read_from_every_format(suffix: str, tmp_path: Path) -> None:
    found = facts(
        with_exif(
            tmp_path / f"photo.{suffix}",
            {ExifTags.Base.Make: "Canon\0 ", ExifTags.Base.Model: "Canon EOS 5D"},
            {
                ExifTags.Base.DateTimeOriginal: "2019:05:04 12:30:00",
                ExifTags.Base.OffsetTimeOriginal: "+02:00",
            },
        )
    )
    assert found.taken_at == "2019-05-04T12:30:00+02:00"
    assert found.camera == "Canon EOS 5D"


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ({0x9003: "0000:00:00 00:00:00", 0x9004: "2001:02:03 04:05:06"}, "2001-02-03T04:05:06"),
        ({0x9003: "    :  :     :  :  ", 0x0132: "2001:02:03 04:05:06"}, "2001-02-03T04:05:06"),
        ({0x9003: "2001:02:31 04:05:06"}, None),
        ({0x9003: "2001:02:03 04:05:06", 0x9011: "nonsense"}, "2001-02-03T04:05:06"),
        ({0x9003: b"2001:02:03 04:05:06\0"}, "2001-02-03T04:05:06"),
        ({0x9003: 17}, None),
        ({}, None),
    ],
)
def test_junk_times_give_way_to_the_next_or_to_none(
    tags: dict[int, object], wanted: str | None
) -> None:
    assert taken_at(tags) == wanted


@pytest.mark.parametrize(
    ("maker", "model", "wanted"),
    [
        ("NIKON CORPORATION", "NIKON D90", "NIKON D90"),
        ("Apple", "iPhone 12", "Apple iPhone 12"),
        ("FUJIFILM", None, "FUJIFILM"),
        (None, "X-T2", "X-T2"),
        ("  ", "\0\0", None),
    ],
)
def test_a_camera_is_named_once(maker: str | None, model: str | None, wanted: str | None) -> None:
    assert camera_name({ExifTags.Base.Make: maker, ExifTags.Base.Model: model}) == wanted


def gps(latitude: object, longitude: object, sides: str = "NE") -> dict[int, object]:
    return {1: sides[0], 2: latitude, 3: sides[1], 4: longitude}


def test_places_are_signed_degrees(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps((33.0, 51.0, 24.0), (151.0, 12.0, 36.0), "SE"))
    found = facts(jpeg(tmp_path / "sydney.jpg", exif=exif))
    assert found.latitude == pytest.approx(-33.8566667)
    assert found.longitude == pytest.approx(151.21)


@pytest.mark.parametrize(
    "tags",
    [
        {},
        gps((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        gps((IFDRational(1, 0), 0.0, 0.0), (1.0, 0.0, 0.0)),
        gps((91.0, 0.0, 0.0), (1.0, 0.0, 0.0)),
        gps((1.0, 0.0, 0.0), (-1.0, 0.0, 0.0)),
        gps((1.0, 0.0, 0.0), "junk"),
        gps((1.0, 0.0, 0.0), (1.0, 0.0, 0.0), "??"),
        {2: (1.0, 0.0, 0.0), 4: (1.0, 0.0, 0.0)},
    ],
)
def test_junk_places_are_none(tags: dict[int, object]) -> None:
    assert exif_place(tags) is None


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif", "tiff"])
def test_xmp_descriptions_bring_their_languages(suffix: str, tmp_path: Path) -> None:
    assert facts(with_xmp(tmp_path / f"photo.{suffix}")).captions == (
        Caption("A dog on the beach", None, "xmp.description", "file"),
        Caption("Ein Hund am Strand", "de", "xmp.description", "file"),
        Caption("海滩上的狗", "zh-CN", "xmp.title", "file"),
    )


def test_iptc_is_read_in_both_its_encodings(tmp_path: Path) -> None:
    marked = [(1, 90, b"\x1b%G"), (2, 120, "Müde Hunde".encode()), (2, 105, b"Dogs asleep")]
    assert texts(with_iptc(tmp_path / "marked.jpg", marked)) == {
        "iptc.caption": "Müde Hunde",
        "iptc.headline": "Dogs asleep",
    }
    unmarked = [(2, 120, "Müde Hunde".encode("latin-1")), (2, 5, b"Dogs")]
    assert texts(with_iptc(tmp_path / "unmarked.jpg", unmarked)) == {
        "iptc.caption": "Müde Hunde",
        "iptc.title": "Dogs",
    }


def test_exif_texts_are_read_in_every_encoding_they_come_in(tmp_path: Path) -> None:
    tags: dict[int, object] = {
        ExifTags.Base.ImageDescription: "A dog runs",
        0x9C9B: "狗在跑".encode("utf-16-le") + b"\0\0",
        0x9C9C: "Two\nlines".encode("utf-16-le") + b"\0\0",
    }
    comment = b"UNICODE\0" + "A running dog".encode("utf-16-be")
    path = with_exif(tmp_path / "photo.jpg", tags, {ExifTags.Base.UserComment: comment})
    assert [(caption.kind, caption.text) for caption in facts(path).captions] == [
        ("exif.description", "A dog runs"),
        ("exif.comment", "A running dog"),
        ("exif.title", "狗在跑"),
        ("exif.comment", "Two lines"),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"ASCII\0\0\0A dog\0\0",
        b"\0\0\0\0\0\0\0\0A dog",
        b"JIS\0\0\0\0\0A dog",
        b"UNICODE\0\xff\xfe" + "A dog".encode("utf-16-le"),
        b"UNICODE\0" + "A dog".encode("utf-16-le"),
    ],
)
def test_a_user_comment_names_its_characters(raw: bytes, tmp_path: Path) -> None:
    path = with_exif(tmp_path / "photo.jpg", {}, {ExifTags.Base.UserComment: raw})
    assert texts(path) == {"exif.comment": "A dog"}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_an_exif_description_may_be_utf_8_or_latin_1(encoding: str, tmp_path: Path) -> None:
    path = with_exif(tmp_path / "photo.jpg", {ExifTags.Base.ImageDescription: "x" * 20})
    text = "Café à Orléans".encode(encoding).ljust(20)
    path.write_bytes(path.read_bytes().replace(b"x" * 20, text))
    assert texts(path) == {"exif.description": "Café à Orléans"}


def test_png_texts_are_captions(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("Title", "A quiet harbour")
    info.add_itxt("Description", "Un port tranquille", lang="fr")
    info.add_text("Software", "Some program")
    quadrants().save(tmp_path / "harbour.png", pnginfo=info)
    assert set(facts(tmp_path / "harbour.png").captions) == {
        Caption("Un port tranquille", "fr", "png.description", "file"),
        Caption("A quiet harbour", None, "png.title", "file"),
    }


@pytest.mark.parametrize(
    "text",
    [
        "OLYMPUS DIGITAL CAMERA         ",
        "SONY DSC",
        "MINOLTA DIGITAL CAMERA",
        "DCIM100MEDIA",
        "Created with GIMP",
        "LEAD Technologies Inc. V1.01",
        "Exif_JPEG_PICTURE",
        "IMG_20190504_123000",
        "DSC_0042.JPG",
        '{"shape": [512, 512]}',
        "ImageJ=1.53c\nunit=um",
        "2008",
        "untitled",
        " \0 ",
    ],
)
def test_boilerplate_is_no_caption(text: str, tmp_path: Path) -> None:
    path = with_exif(tmp_path / "photo.jpg", {ExifTags.Base.ImageDescription: text})
    assert facts(path).captions == ()


@pytest.mark.parametrize(
    "text", ["Image of a dog", "Digital camera on a desk", "Made by hand", "狗"]
)
def test_a_caption_that_begins_like_boilerplate_is_kept(text: str, tmp_path: Path) -> None:
    info = PngInfo()
    info.add_itxt("Description", text)
    quadrants().save(tmp_path / "photo.png", pnginfo=info)
    assert [caption.text for caption in facts(tmp_path / "photo.png").captions] == [text]


def test_the_same_text_is_kept_once_and_control_characters_never(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = "a DOG on\x07\tthe beach"
    path = jpeg(tmp_path / "photo.jpg", xmp=XMP.encode(), exif=exif)
    assert [c.kind for c in facts(path).captions] == ["xmp.description"] * 2 + ["xmp.title"]


@pytest.mark.parametrize(
    "xmp",
    [
        b"<x:xmpmeta",
        b"\0\0\0",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        "<a>\udcff</a>".encode("utf-8", "surrogatepass"),
    ],
)
def test_broken_xmp_never_fails_a_picture(xmp: bytes, tmp_path: Path) -> None:
    assert facts(jpeg(tmp_path / "photo.jpg", xmp=xmp)).captions == ()


def test_broken_exif_and_iptc_never_fail_a_picture(tmp_path: Path) -> None:
    path = with_exif(
        tmp_path / "photo.jpg",
        {ExifTags.Base.Make: "Canon", ExifTags.Base.ImageDescription: "A dog"},
        {ExifTags.Base.DateTimeOriginal: "2019:05:04 12:30:00"},
    )
    whole = path.read_bytes()
    start = whole.index(b"Exif\0\0") + 6
    for place in range(start, start + 90):
        path.write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
        assert facts(path).width_px in (64, 48)
    with_iptc(path, [(2, 120, b"A dog")])
    path.write_bytes(path.read_bytes().replace(b"\x1c\x02\x78\x00\x05", b"\x1c\x02\x78\xff\xff"))
    assert facts(path).format == "JPEG"


def test_keywords_are_one_caption(tmp_path: Path) -> None:
    words = [(2, 25, b"dog"), (2, 25, b"beach"), (2, 120, b"Asleep")]
    assert texts(with_iptc(tmp_path / "words.jpg", words)) == {
        "iptc.caption": "Asleep",
        "iptc.keywords": "dog, beach",
    }
