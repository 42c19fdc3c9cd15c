"""Sidecars of pictures: texts, JSON, XMP; in archives too."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from indexer.sources import SidecarData, SidecarFacts, joined
from indexer.sources.captions_csv import clean
from indexer.sources.columns import CAPTION_NAMES, AskedColumns
from indexer.sources.storable import parse_json
from indexer.sources.takeout import is_takeout, told_by_takeout
from search.errors import BadSource
from search.pictures import PICTURE_SUFFIXES
from search.pictures.metadata.embedded_captions import captions_of
from search.pictures.metadata.encodings import decode
from search.pictures.metadata.xmp import read_xmp
from search.records import Caption

TEXT_SUFFIXES = (".txt", ".caption")
JSON_SUFFIX = ".json"
XMP_SUFFIX = ".xmp"
LABEL_SUFFIXES = (".cls",)
SUFFIXES = (*TEXT_SUFFIXES, JSON_SUFFIX, XMP_SUFFIX, *LABEL_SUFFIXES)

# A larger file is no sidecar, but a log, a book or a dump.
LARGEST_BYTES = 16 << 20


def told_by(sidecars: Mapping[str, bytes]) -> SidecarData:
    """Return the data of a picture's sidecars, given by their suffix.

    Raises:
        BadSource: a JSON or an XMP file can't be read.
    """
    return together({suffix: told_by_file(suffix, data) for suffix, data in sidecars.items()})


def together(told: Mapping[str, SidecarData]) -> SidecarData:
    """Combine the data of a picture's sidecars: captions of texts before those of documents.

    Of two values of a field or a fact, that of XMP counts, which photo managers update.
    """
    ordered = [told[suffix] for suffix in sorted(told, key=SUFFIXES.index)]
    return replace(joined(reversed(ordered)), captions=joined(ordered).captions)


def told_by_file(suffix: str, data: bytes) -> SidecarData:
    """Return the data of one sidecar.

    Raises:
        BadSource: it is a JSON or an XMP file, and can't be read.
    """
    if suffix == JSON_SUFFIX:
        return told_by_json(data)
    if suffix == XMP_SUFFIX:
        return told_by_xmp(data)
    text = clean(decode(data))
    if suffix in LABEL_SUFFIXES:
        return SidecarData(fields={"label": text[:500]} if text else {})
    return SidecarData((Caption(text),)) if text else SidecarData()


def told_by_xmp(data: bytes) -> SidecarData:
    """Return the data of an XMP sidecar.

    Raises:
        BadSource: it is not XMP, or damaged.
    """
    found = read_xmp(data)
    if found is None:
        raise BadSource("xmp-unreadable", "it is not XMP, damaged, or too large")
    taken_at, digitized_at, _ = found.dates
    return SidecarData(
        captions_of(found.captions, "source"),
        {} if found.rating is None else {"rating": found.rating},
        SidecarFacts(taken_at or digitized_at, found.place),
    )


def told_by_json(data: bytes) -> SidecarData:
    """Return the data of a JSON sidecar: its captions, and its plain values.

    Raises:
        BadSource: it is not JSON, or holds no object.
    """
    document = parse_json(decode(data))
    if not isinstance(document, dict):
        raise BadSource("json-not-an-object", "it holds no JSON object")
    document = {str(name): value for name, value in document.items()}
    if is_takeout(document):
        return told_by_takeout(document)
    if _is_file_name(document.get("title")):
        document.pop("title")
    captions = [name for name in document if name.casefold() in CAPTION_NAMES]
    # A reserved name for the picture, so that no key of the document is mistaken for it.
    columns = AskedColumns("\0", tuple(captions)).choose(["\0", *document], "it")
    return columns.told(document)


def _is_file_name(title: Any) -> bool:
    return isinstance(title, str) and title.strip().lower().endswith(tuple(PICTURE_SUFFIXES))
