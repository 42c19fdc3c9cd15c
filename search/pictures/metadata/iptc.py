"""IPTC records in a picture: captions, keywords, and when it was taken."""

from collections.abc import Iterator, Mapping

from PIL import Image, ImageFile
from PIL.IptcImagePlugin import getiptcinfo

from search.pictures.metadata.dates import read_date
from search.pictures.metadata.encodings import decode
from search.pictures.metadata.xmp import join_words, keyword_levels
from search.pictures.pillow_setup import PLUGIN_ERRORS

FIELDS = {(2, 120): "iptc.caption", (2, 105): "iptc.headline", (2, 5): "iptc.title"}
WORDS = (2, 25)
TAKEN = ((2, 55), (2, 60))
DIGITIZED = ((2, 62), (2, 63))

# ISO 2022 escapes of the sets that are not UTF-8; most programs write none, whatever they use.
CHARACTER_SET = (1, 90)
CHARACTER_SETS = {
    b"\x1b.A": "latin-1", b"\x1b-A": "latin-1", b"\x1b-B": "iso8859-2", b"\x1b-L": "iso8859-5",
    b"\x1b-F": "iso8859-7", b"\x1b-M": "iso8859-9", b"\x1b-b": "iso8859-15",
}  # fmt: skip

Records = Mapping[tuple[int, int], bytes | list[bytes]]


def read_iptc(image: Image.Image) -> dict[tuple[int, int], list[str]]:
    """Return the texts of a picture's records, without broken ones."""
    if not isinstance(image, ImageFile.ImageFile):
        return {}
    try:
        records: Records = getiptcinfo(image) or {}
    except PLUGIN_ERRORS:
        return {}
    escape = records.get(CHARACTER_SET)
    encoding = CHARACTER_SETS.get(escape) if isinstance(escape, bytes) else None
    return {
        key: [_text(raw, encoding) for raw in (values if isinstance(values, list) else [values])]
        for key, values in records.items()
    }


def captions(records: Mapping[tuple[int, int], list[str]]) -> Iterator[tuple[str, str, None]]:
    """Yield the kind and text of each caption."""
    for key, kind in FIELDS.items():
        for text in records.get(key, ()):
            yield kind, text, None
    yield "iptc.keywords", join_words(keyword_levels(records.get(WORDS, ()), "|")), None


def dates(records: Mapping[tuple[int, int], list[str]]) -> tuple[str | None, str | None]:
    """Return when a picture was taken and when it was digitized."""
    taken_at, digitized_at = (
        read_date(" ".join(text.strip("\0 ") for key in keys for text in records.get(key, ())[:1]))
        for keys in (TAKEN, DIGITIZED)
    )
    return taken_at, digitized_at


def _text(raw: bytes, encoding: str | None) -> str:
    if encoding is not None:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode(encoding, "replace")
    return decode(raw)
