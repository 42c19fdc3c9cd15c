"""Texts of old programs, in their own encodings."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from search.pictures import read_picture
from search.pictures.metadata.encodings import decode, utf16
from tests.metadata_of_every_standard import iptc
from tests.pictures_of_every_kind import jpeg

TEXTS = [
    ("海滩上奔跑的狗", "gbk"),
    ("海滩", "gbk"),
    ("狗", "gbk"),
    ("iPhone拍的猫", "gbk"),
    ("3只狗，2只猫", "gbk"),
    ("海灘上奔跑的狗", "gb18030"),
    ("海灘上奔跑的狗", "big5"),
    ("浜辺を走る犬", "shift_jis"),
    ("Собака на пляже", "cp1251"),
    ("Müde Hunde", "latin-1"),
    ("CRÉÉ À L'ÉTÉ", "latin-1"),
    ("Café “à” Orléans", "cp1252"),
    ("ÅÄÖ", "latin-1"),
    ("São João", "latin-1"),
    ("海滩上的狗 und müde Hunde", "utf-8"),
    ("海滩上的狗", "utf-16"),
]


@pytest.mark.parametrize(("text", "encoding"), TEXTS)
def test_an_old_encoding_is_told_by_its_everyday_letters(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@settings(deadline=None)
@given(st.text())
def test_utf_8_is_always_read_as_it_is(text: str) -> None:
    assert decode(text.encode("utf-8", "ignore")).lstrip("\ufeff") == text.encode(
        "utf-8", "ignore"
    ).decode().lstrip("\ufeff")


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_are_some_text(data: bytes) -> None:
    assert isinstance(decode(data), str)
    assert isinstance(utf16(data), str)


def test_a_text_that_is_cut_in_mid_character_keeps_the_rest() -> None:
    for encoding in ("utf-8", "gbk"):
        assert decode("海滩上奔跑的狗".encode(encoding)[:-1]) == "海滩上奔跑的"


@pytest.mark.parametrize("text", ["狗在跑", "A dog runs", "Собака", "犬が走る", "개가 달린다"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
def test_utf_16_is_read_in_either_order(text: str, encoding: str) -> None:
    assert {utf16(text.encode(encoding), order) for order in ("<", ">", None)} == {text}


def test_iptc_and_exif_of_chinese_windows_are_read(tmp_path: Path) -> None:
    text = "海滩上奔跑的狗"
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = "x" * len(text.encode("gbk"))
    data = jpeg(tmp_path / "a.jpg", exif=exif).read_bytes()
    data = data.replace(b"x" * len(text.encode("gbk")), text.encode("gbk"))
    found = read_picture(data)[1].captions
    assert [(each.kind, each.text) for each in found] == [("exif.description", text)]
    written = iptc([(2, 120, text.encode("gbk")), (2, 25, "海滩".encode("gbk"))])
    found = read_picture(data[:2] + written + data[2:])[1].captions
    assert {each.kind: each.text for each in found} == {
        "iptc.caption": text,
        "iptc.keywords": "海滩",
    }


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"ASCII\0\0\0" + "海滩上奔跑的狗".encode("gbk"), "海滩上奔跑的狗"),
        (b"ASCII\0\0\0" + "Café".encode(), "Café"),
        (b"\0" * 8 + "A dog".encode("utf-16-le"), "A dog"),
        (b"\0" * 8 + "海滩上奔跑的狗".encode("gbk"), "海滩上奔跑的狗"),
        (b"JIS\0\0\0\0\0" + "浜辺を走る犬".encode("iso2022_jp"), "浜辺を走る犬"),
        (b"JIS\0\0\0\0\0" + "浜辺を走る犬".encode("shift_jis"), "浜辺を走る犬"),
        (b"UNICODE\0" + "狗在跑".encode("utf-16-be"), "狗在跑"),
        (b"UNICODE\0" + "狗在跑".encode("utf-16-le"), "狗在跑"),
        (b"Unicode\0" + "A dog".encode("utf-16-le"), "A dog"),
    ],
)
def test_a_comment_is_read_whatever_its_code_says(raw: bytes, text: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = raw
    [caption] = read_picture(jpeg(tmp_path / "a.jpg", exif=exif))[1].captions
    assert (caption.kind, caption.text) == ("exif.comment", text)


def test_tags_of_windows_are_keywords_level_by_level(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x9C9E] = "harbour;Places/Brest; lighthouse;".encode("utf-16-le") + b"\0\0"
    exif[0x4749] = 75
    facts = read_picture(jpeg(tmp_path / "a.jpg", exif=exif))[1]
    assert [each.text for each in facts.captions] == ["harbour, Places, Brest, lighthouse"]
    assert facts.rating == 4
