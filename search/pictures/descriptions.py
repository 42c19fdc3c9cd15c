"""Captions that a picture's own file carries: its XMP, IPTC, EXIF and PNG descriptions."""

import re
from collections.abc import Iterator, Mapping

from defusedxml import DefusedXmlException, ElementTree
from PIL import ExifTags, Image, ImageFile
from PIL.IptcImagePlugin import getiptcinfo

from search.pictures.pillow import PLUGIN_ERRORS
from search.records import Caption

# IPTC allows 2,000 bytes. What is far longer was hidden in a text field by a program; it is cut.
LONGEST = 10_000

# What cameras and programs write for want of a description, file names among it.
BOILERPLATE = re.compile(
    r"""
    ([a-z]+\ +)?digital\ (still\ )?camera | sony\ dsc | dcim.* | lead\ technologies.*
    | created\ with\ (the\ )?gimp.* | (created|edited|processed)\ (with|by|using)\ (adobe|acd).*
    | (exif_)?jpeg[_\ ](picture|image) | binary\ comment | charset=.* | imagej=.* | <.* | \{.*
    | default | untitled | screenshot | (user\ ?)?comments? | description | title
    | (dscn?|dscf|imgp?|image|photo|picture|pict|p|_mg|mvc|hpim|scan|screenshot)[\W\d_]*\d[\W\d_]*
    | \S+\.(jpe?g|png|tiff?|gif|heic|webp|bmp|psd|cr2|nef|arw|dng)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
CONTROL = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]+")
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")

DC = "{http://purl.org/dc/elements/1.1/}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

IPTC_FIELDS = {(2, 120): "iptc.caption", (2, 105): "iptc.headline", (2, 5): "iptc.title"}
IPTC_KEYWORDS = (2, 25)
IPTC_CHARSET = (1, 90)
UTF8_ESCAPE = b"\x1b%G"

XP_FIELDS = {0x9C9B: "exif.title", 0x9C9F: "exif.subject", 0x9C9C: "exif.comment"}

Tags = Mapping[int, object]
Found = Iterator[tuple[str, str, str | None]]
"""Kind, text and language of each description, not yet judged."""


def file_captions(
    image: Image.Image, tags: Tags, byte_order: str | None = None
) -> tuple[Caption, ...]:
    """The captions of an opened picture, each text once; XMP is first, for it names languages.

    `tags` are its EXIF tags, `byte_order` ("<" or ">") that of its EXIF. What is broken is passed
    over, and so is what cameras and programs write for want of a description.
    """
    captions: dict[str, Caption] = {}
    for found in (_xmp(image), _iptc(image), _exif(tags, byte_order), _png(image)):
        for kind, raw, language in found:
            text = clean(raw)[:LONGEST].rstrip()
            if any(map(str.isalpha, text)) and not BOILERPLATE.fullmatch(text):
                named = language if language and LANGUAGE.fullmatch(language) else None
                captions.setdefault(text.casefold(), Caption(text, named, kind, "file"))
    return tuple(captions.values())


def clean(value: object) -> str:
    """A metadata value as one line of text without control characters; "" if it is no text."""
    if isinstance(value, bytes):
        value = _decoded(value)
    return CONTROL.sub(" ", value).strip() if isinstance(value, str) else ""


def _decoded(raw: bytes) -> str:
    """UTF-8 where that is what it is, else Windows' Latin-1, the habit of old programs."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "ignore")


def _xmp(image: Image.Image) -> Found:
    packet = image.info.get("xmp") or b""
    if isinstance(packet, str):
        packet = packet.encode("utf-8", "replace")
    if not packet:  # most have none, and a parser takes 0.1 ms to make
        return
    try:
        root = ElementTree.fromstring(packet.strip(b"\0 \r\n\t"))
    except (SyntaxError, ValueError, LookupError, DefusedXmlException):
        return
    for field in ("description", "title"):
        for element in root.iter(DC + field):
            for item in element.iter(RDF + "li"):
                yield f"xmp.{field}", item.text or "", item.get(XML_LANGUAGE)
            yield f"xmp.{field}", element.text or "", None
        for element in root.iter(RDF + "Description"):
            yield f"xmp.{field}", element.get(DC + field, ""), None
    for element in root.iter(DC + "subject"):
        words = [clean(item.text) for item in element.iter(RDF + "li")]
        yield "xmp.keywords", ", ".join(filter(None, words)), None


def _iptc(image: Image.Image) -> Found:
    if not isinstance(image, ImageFile.ImageFile):
        return
    try:
        records = getiptcinfo(image) or {}
    except PLUGIN_ERRORS:
        return
    utf8 = records.get(IPTC_CHARSET) == UTF8_ESCAPE
    for record, kind in IPTC_FIELDS.items():
        values = records.get(record, b"")
        for raw in values if isinstance(values, list) else [values]:
            yield kind, raw.decode("utf-8", "replace") if utf8 else _decoded(raw), None
    keywords = records.get(IPTC_KEYWORDS, [])
    words = [
        clean(raw.decode("utf-8", "replace") if utf8 else _decoded(raw))
        for raw in (keywords if isinstance(keywords, list) else [keywords])
    ]
    yield "iptc.keywords", ", ".join(filter(None, words)), None


def _exif(tags: Tags, byte_order: str | None) -> Found:
    description = tags.get(ExifTags.Base.ImageDescription)
    if isinstance(description, str):
        # Pillow reads the bytes as Latin-1; most programs write UTF-8 nevertheless.
        yield "exif.description", _decoded(description.encode("latin-1", "replace")), None
    comment = tags.get(ExifTags.Base.UserComment)
    if isinstance(comment, bytes):
        yield "exif.comment", _user_comment(comment, byte_order), None
    for tag, kind in XP_FIELDS.items():
        raw = tags.get(tag)
        if isinstance(raw, tuple):
            raw = bytes(part & 0xFF for part in raw if isinstance(part, int))
        if isinstance(raw, bytes):
            yield kind, raw.decode("utf-16-le", "ignore"), None


def _user_comment(raw: bytes, byte_order: str | None) -> str:
    """A UserComment, whose first eight bytes name its character set."""
    charset, body = raw[:8].rstrip(b"\0 ").upper(), raw[8:]
    if charset == b"JIS":
        return body.decode("iso2022_jp", "ignore")
    if charset == b"UNICODE":
        if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return body.decode("utf-16", "ignore")
        # Programs disagree whether this follows the EXIF's byte order; Latin letters show it.
        high, low = body[0::2].count(0), body[1::2].count(0)
        big = high > low or (high == low and byte_order == ">")
        return body.decode("utf-16-be" if big else "utf-16-le", "ignore")
    return _decoded(body) if charset in (b"ASCII", b"") else _decoded(raw)


def _png(image: Image.Image) -> Found:
    for key in ("Description", "Title"):
        text = image.info.get(key)
        if isinstance(text, str):
            # An iTXt text knows its language.
            yield f"png.{key.lower()}", text, getattr(text, "lang", None) or None
