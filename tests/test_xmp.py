"""XMP: captions, keywords and people of many programs; ratings; damaged XMP is no error."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.pictures import read_picture
from search.pictures.metadata.xmp import MAX_XMP_BYTES, read_xmp, stars
from tests.metadata_of_every_standard import bag, packet
from tests.pictures_of_every_kind import jpeg


def captions(elements: str, attributes: dict[str, str] | None = None) -> dict[str, str]:
    """Return the last text of each kind."""
    found = read_xmp(packet(elements, attributes))
    assert found is not None
    return {kind.removeprefix("xmp."): text for kind, text, _ in found.captions if text}


def test_what_people_wrote_is_a_caption_and_instructions_are_none() -> None:
    written = {
        "photoshop:Headline": "Storm over the pier",
        "photoshop:Instructions": "Not before Monday",
        "photoshop:Credit": "The agency",
        "tiff:ImageDescription": "A pier in a storm",
        "Iptc4xmpCore:AltTextAccessibility": "Waves break over a pier",
    }
    assert captions("", written) == {
        "headline": "Storm over the pier",
        "description": "A pier in a storm",
        "alt_text": "Waves break over a pier",
    }


def test_each_level_of_a_keyword_counts_once_whichever_program_wrote_it() -> None:
    elements = (
        bag("dc:subject", "harbour", "Places|Spain")
        + bag("lr:hierarchicalSubject", "Places|France|Brest", "Things|Harbour")
        + bag("digiKam:TagsList", "Animals/Birds/gull", kind="Seq")
        + bag("MicrosoftPhoto:LastKeywordXMP", "Boats/ferry")
        + "<mwg-kw:Keywords><mwg-kw:Hierarchy><rdf:Bag><rdf:li mwg-kw:Keyword='Sea'/></rdf:Bag>"
        "</mwg-kw:Hierarchy></mwg-kw:Keywords>"
    )
    assert captions(elements)["keywords"] == (
        "harbour, Places, Spain, France, Brest, Things, Animals, Birds, gull, Boats, ferry, Sea"
    )


def test_people_in_a_picture_are_named_once() -> None:
    elements = (
        bag("Iptc4xmpExt:PersonInImage", "Ann Lee", "Bo")
        + "<mwg-rs:Regions><mwg-rs:RegionList><rdf:Bag><rdf:li mwg-rs:Name='Bo'/>"
        "<rdf:li><mwg-rs:Name>Cy</mwg-rs:Name></rdf:li></rdf:Bag></mwg-rs:RegionList>"
        "</mwg-rs:Regions>"
    )
    assert captions(elements)["people"] == "Ann Lee, Bo, Cy"


def test_a_text_in_two_languages_keeps_them(tmp_path: Path) -> None:
    items = "".join(
        f"<rdf:li xml:lang='{language}'>{text}</rdf:li>"
        for language, text in (("x-default", "A dog"), ("en-GB", "A dog"), ("zh", "一只狗"))
    )
    path = jpeg(
        tmp_path / "a.jpg",
        xmp=packet(f"<dc:description><rdf:Alt>{items}</rdf:Alt></dc:description>"),
    )
    found = read_picture(path)[1].captions
    assert [(each.text, each.language) for each in found] == [("A dog", "en-GB"), ("一只狗", "zh")]


def test_other_documents_that_a_picture_was_made_of_say_nothing_of_it() -> None:
    pantry = (
        "<xmpMM:Pantry xmlns:xmpMM='http://ns.adobe.com/xap/1.0/mm/'><rdf:Bag><rdf:li>"
        "<rdf:Description xmp:CreateDate='2001-01-01' xmp:Rating='5'/></rdf:li></rdf:Bag>"
        "</xmpMM:Pantry>"
    )
    found = read_xmp(packet(pantry))
    assert found is not None
    assert found.rating is None
    assert found.dates == (None, None, None)


@pytest.mark.parametrize(
    ("rating", "percent", "wanted"),
    [
        ("4", None, 4),
        ("3.5", "99", 3.5),
        ("-1", None, -1),
        ("0", "75", 0),
        (None, "99", 5),
        ("", "75", 4),
        ("many", "50", 3),
        ("6", "25", 2),
        (None, "1", 1),
        (None, "101", None),
        ("nan", "inf", None),
        (None, None, None),
        (b"4", None, 4),
    ],
)
def test_stars_are_from_0_to_5(rating: object, percent: object, wanted: float | None) -> None:
    assert stars(rating, percent) == wanted


def test_a_picture_without_stars_has_no_rating(tmp_path: Path) -> None:
    path = jpeg(tmp_path / "a.jpg", xmp=packet(attributes={"xmp:Rating": "0"}))
    assert read_picture(path)[1].rating is None


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_xmp_or_none(data: bytes) -> None:
    whole = packet(bag("dc:subject", "dog"), {"xmp:Rating": "3"})
    read_xmp(data)
    read_xmp(whole[:100] + data + whole[100:])


def test_what_is_not_read_is_none() -> None:
    assert read_xmp(b"") is None
    assert read_xmp(b"<x:xmpmeta") is None
    assert read_xmp(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>') is None
    assert read_xmp(packet("<dc:title>" + "x" * MAX_XMP_BYTES + "</dc:title>")) is None


def test_xmp_in_another_encoding_than_it_says_is_mended() -> None:
    found = read_xmp(packet(bag("dc:subject", "Müde Hunde")).decode().encode("latin-1", "replace"))
    assert found is not None
    assert ("xmp.keywords", "Müde Hunde", None) in found.captions
