"""Files that stand beside a picture and tell of it: a text file, a JSON file; in archives too."""

from collections.abc import Mapping

from indexer.gate import parse_json
from indexer.sources import Told
from indexer.sources.captions import clean, decoded
from indexer.sources.columns import CAPTION_NAMES, AskedColumns
from search.errors import BadSource
from search.records import Caption

TEXT_SUFFIXES = (".txt", ".caption")
JSON_SUFFIX = ".json"
LABEL_SUFFIXES = (".cls",)
SUFFIXES = (*TEXT_SUFFIXES, JSON_SUFFIX, *LABEL_SUFFIXES)

# A sidecar that is larger is none: a log, a book, a dump.
LARGEST_BYTES = 16 << 20


def told_by(sidecars: Mapping[str, bytes]) -> Told:
    """What files beside a picture tell of it, by their suffix; texts before documents.

    Raises:
        BadSource: a JSON file can't be read.
    """
    captions: list[Caption] = []
    fields: dict[str, str | float] = {}
    for suffix in sorted(sidecars, key=SUFFIXES.index):
        told = _told(suffix, sidecars[suffix])
        captions += told.captions
        fields |= told.fields
    return Told(tuple(dict.fromkeys(captions)), fields)


def _told(suffix: str, data: bytes) -> Told:
    if suffix == JSON_SUFFIX:
        return told_by_json(data)
    text = clean(decoded(data))
    if suffix in LABEL_SUFFIXES:
        return Told(fields={"label": text[:500]} if text else {})
    return Told((Caption(text),)) if text else Told()


def told_by_json(data: bytes) -> Told:
    """What a JSON document beside a picture tells of it: its captions, and its plain values.

    Raises:
        BadSource: it is not JSON, or holds no object.
    """
    document = parse_json(decoded(data))
    if not isinstance(document, dict):
        raise BadSource("it holds no JSON object")
    document = {str(name): value for name, value in document.items()}
    captions = [name for name in document if name.casefold() in CAPTION_NAMES]
    # A name of the picture's own, so that no key of the document is taken for it.
    columns = AskedColumns("\0", tuple(captions)).choose(["\0", *document], "it")
    return columns.told(document)
