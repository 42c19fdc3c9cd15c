"""The JSON documents that Google Takeout writes for pictures."""

from collections.abc import Mapping
from typing import Any

from indexer.sources import SidecarData, SidecarFacts
from indexer.sources.captions_csv import clean
from indexer.sources.columns import fields_of
from search.pictures.metadata.dates import from_timestamp
from search.pictures.metadata.places import Place, place_of
from search.records import Caption

# A document of Google Photos has one of these; no other program's has.
MARKS = ("photoTakenTime", "googlePhotosOrigin", "geoDataExif")

# `title` is the file's name. The other keys are read separately.
READ_APART = ("title", "description", "people")


def is_takeout(document: Mapping[str, Any]) -> bool:
    """Return whether a document is one of Google Photos'."""
    return any(isinstance(document.get(each), dict) for each in MARKS)


def parse_takeout(document: Mapping[str, Any]) -> SidecarData:
    """Return the data of a document about its picture.

    Its date is in UTC and counts where the picture has none; a place that differs from the
    picture's was set by a person. `favorited` and other plain values are fields.
    """
    rest = {name: value for name, value in document.items() if name not in READ_APART}
    people = ", ".join(_people(document.get("people")))
    captions = (Caption(_text(document.get("description"))), Caption(people, kind="people"))
    facts = SidecarFacts(
        place=_place(document.get("geoData")),
        taken_at_else=_taken_at(document.get("photoTakenTime")),
    )
    return SidecarData(
        tuple(each for each in captions if each.text),
        fields_of({**rest, "people": people}),
        facts,
    )


def _text(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""


def _people(value: Any) -> list[str]:
    people = value if isinstance(value, list) else []
    names = (_text(each.get("name")) for each in people if isinstance(each, dict))
    return [name for name in names if name]


def _taken_at(value: Any) -> str | None:
    try:
        return from_timestamp(float(value["timestamp"]))
    except (TypeError, ValueError, KeyError, OverflowError):
        return None


def _place(value: Any) -> Place | None:
    try:
        return place_of(float(value["latitude"]), float(value["longitude"]))
    except (TypeError, ValueError, KeyError, OverflowError):
        return None
