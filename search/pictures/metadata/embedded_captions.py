"""Captions from metadata: the choice among descriptions, and those in EXIF."""

import re
from collections.abc import Iterable, Iterator, Mapping

from PIL import ExifTags

from search.pictures.metadata.encodings import decode, utf16
from search.pictures.metadata.xmp import join_words, keyword_levels
from search.records import Caption

# IPTC allows 2,000 bytes. A far longer text is data that a program hid in a text field; it is cut.
LONGEST = 10_000

# Texts that cameras and programs write in place of a description, file names among them.
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

XP_KEYWORDS = 0x9C9E
XP_FIELDS = {0x9C9B: "exif.title", 0x9C9F: "exif.subject", 0x9C9C: "exif.comment"}
XP_FIELDS |= {XP_KEYWORDS: "exif.keywords"}

Tags = Mapping[int, object]
Description = tuple[str, str, str | None]
"""Kind, text and language of a possible caption."""


def captions_of(descriptions: Iterable[Description], origin: str) -> tuple[Caption, ...]:
    """Return descriptions as captions, each text once; those with a language have priority.

    Texts that cameras and programs write in place of a description are left out.
    """
    captions: dict[str, Caption] = {}
    for kind, raw, language in descriptions:
        text = clean(raw)[:LONGEST].rstrip()
        if not any(map(str.isalpha, text)) or BOILERPLATE.fullmatch(text):
            continue
        tag = language if language and LANGUAGE.fullmatch(language) else None
        key = text.casefold()
        if key not in captions or (tag and captions[key].language is None):
            captions[key] = Caption(text, tag, kind, origin)
    return tuple(captions.values())


def clean(value: object) -> str:
    """Return a metadata value as one line without control characters; "" if it is no text."""
    if isinstance(value, bytes):
        value = decode(value)
    return CONTROL.sub(" ", value).strip() if isinstance(value, str) else ""


def exif_descriptions(tags: Tags, byte_order: str | None) -> Iterator[Description]:
    """Yield the descriptions in EXIF tags; `byte_order` ("<" or ">") is that of the EXIF."""
    description = tags.get(ExifTags.Base.ImageDescription)
    if isinstance(description, str):
        # Pillow reads the bytes as Latin-1; most programs write others nevertheless.
        description = description.encode("latin-1", "replace")
    yield "exif.description", clean(description), None
    comment = tags.get(ExifTags.Base.UserComment)
    if isinstance(comment, bytes):
        yield "exif.comment", _user_comment(comment, byte_order), None
    for tag, kind in XP_FIELDS.items():
        raw = tags.get(tag)
        if isinstance(raw, tuple):
            raw = bytes(part & 0xFF for part in raw if isinstance(part, int))
        if not isinstance(raw, bytes):
            continue
        text = raw.decode("utf-16-le", "ignore").partition("\0\0")[0].replace("\0", " ")
        if tag == XP_KEYWORDS:
            text = join_words(keyword_levels(text.split(";"), "/"))
        yield kind, text, None


def _user_comment(raw: bytes, byte_order: str | None) -> str:
    """Return a UserComment, whose first eight bytes name its character set."""
    charset, body = raw[:8].rstrip(b"\0 ").upper(), raw[8:]
    if charset == b"JIS":
        return body.decode("iso2022_jp", "ignore") if b"\x1b" in body else decode(body)
    if charset == b"UNICODE":
        return utf16(body, byte_order)
    if charset not in (b"ASCII", b""):
        return decode(raw)
    body = body.rstrip(b"\0 ")
    # Zeros between the letters: UTF-16 under a name of its own.
    return utf16(body + b"\0" * (len(body) % 2), byte_order) if b"\0" in body else decode(body)
