"""Sidecars of pictures: texts, JSON, XMP; in archives too."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from indexer.sources import SidecarData, SidecarFacts, combine
from indexer.sources.captions_csv import clean
from indexer.sources.columns import CAPTION_NAMES, ColumnOptions
from indexer.sources.storable import parse_json
from indexer.sources.takeout import is_takeout, parse_takeout
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


def parse_sidecars(sidecars: Mapping[str, bytes]) -> SidecarData:
    """Return the data of a picture's sidecars, given by their suffix.

    Raises:
        BadSource: a JSON or an XMP file can't be read.
    """
    return together({suffix: parse_sidecar(suffix, data) for suffix, data in sidecars.items()})


def together(by_suffix: Mapping[str, SidecarData]) -> SidecarData:
    """Combine the data of a picture's sidecars: captions of texts before those of documents.

    Of two values of a field or a fact, that of XMP counts, which photo managers update.
    """
    parts = [by_suffix[suffix] for suffix in sorted(by_suffix, key=SUFFIXES.index)]
    return replace(combine(reversed(parts)), captions=combine(parts).captions)


def parse_sidecar(suffix: str, data: bytes) -> SidecarData:
    """Return the data of one sidecar.

    Raises:
        BadSource: it is a JSON or an XMP file, and can't be read.
    """
    if suffix == JSON_SUFFIX:
        return parse_document(data)
    if suffix == XMP_SUFFIX:
        return parse_xmp(data)
    text = clean(decode(data))
    if suffix in LABEL_SUFFIXES:
        return SidecarData(fields={"label": text[:500]} if text else {})
    return SidecarData((Caption(text),)) if text else SidecarData()


def parse_xmp(data: bytes) -> SidecarData:
    """Return the data of an XMP sidecar.

    Raises:
        BadSource: it is not XMP, or damaged.
    """
    xmp = read_xmp(data)
    if xmp is None:
        raise BadSource("xmp-unreadable", "it is not XMP, damaged, or too large")
    taken_at, digitized_at, _ = xmp.dates
    return SidecarData(
        captions_of(xmp.captions, "source"),
        {} if xmp.rating is None else {"rating": xmp.rating},
        SidecarFacts(taken_at or digitized_at, xmp.place),
    )


def parse_document(data: bytes) -> SidecarData:
    """Return the data of a JSON sidecar: its captions, and its plain values.

    Raises:
        BadSource: it is not JSON, or holds no object.
    """
    document = parse_json(decode(data))
    if not isinstance(document, dict):
        raise BadSource("json-not-an-object", "it holds no JSON object")
    document = {str(name): value for name, value in document.items()}
    if is_takeout(document):
        return parse_takeout(document)
    if _is_file_name(document.get("title")):
        document.pop("title")
    captions = [name for name in document if name.casefold() in CAPTION_NAMES]
    # A reserved name for the picture, so that no key of the document is mistaken for it.
    columns = ColumnOptions("\0", tuple(captions)).choose(["\0", *document], "it")
    return columns.read_row(document)


def _is_file_name(title: Any) -> bool:
    return isinstance(title, str) and title.strip().lower().endswith(tuple(PICTURE_SUFFIXES))
