"""Texts and times in the chunks of a PNG."""

import struct
from collections.abc import Iterator, Mapping
from typing import Any

from search.pictures.metadata.dates import read_date

CAPTION_KEYS = ("description", "title")
TAKEN_KEYS, DATED_KEYS = ("creation time",), ("create-date", "date:create")

Info = Mapping[Any, Any]
"""A picture's metadata as Pillow names it."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TIME_CHUNK = b"\0\0\0\x07tIME"


def captions(info: Info) -> Iterator[tuple[str, str, str | None]]:
    """Yield kind, text and language of the descriptions that Pillow found in a PNG."""
    texts = {key.lower(): text for key, text in info.items() if isinstance(key, str)}
    for key in CAPTION_KEYS:
        text = texts.get(key)
        if isinstance(text, str):
            # An iTXt text names its language.
            yield f"png.{key}", text, getattr(text, "lang", None) or None


def dates(info: Info) -> tuple[str | None, str | None]:
    """Return when a picture was made, and when its file was, from its texts."""
    texts = {key.lower(): text for key, text in info.items() if isinstance(key, str)}
    made_at, filed_at = (
        next(filter(None, (read_date(str(texts.get(key, ""))) for key in keys)), None)
        for keys in (TAKEN_KEYS, DATED_KEYS)
    )
    return made_at, filed_at


def xmp_profile(info: Info) -> bytes:
    """Return the XMP that ImageMagick writes as text: a name, a length, and hexadecimal digits."""
    text = info.get("Raw profile type xmp")
    try:
        return bytes.fromhex("".join(text.split()[2:])) if isinstance(text, str) else b""
    except ValueError:
        return b""


def changed_date(data: bytes) -> str | None:
    """Return when a PNG was last changed (tIME, in UTC), which Pillow ignores."""
    place = data.find(TIME_CHUNK) if data.startswith(SIGNATURE) else -1
    if place < 0 or len(data) < place + 15:
        return None
    year, month, day, hour, minute, second = struct.unpack_from(">H5B", data, place + 8)
    return read_date(f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
