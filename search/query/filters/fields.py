"""The fields of a filter: the operators of each, and how its values are read."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from search.packages import plugins
from search.picture_facts import FILTERABLE, FactType
from search.query.filters.colours import NAMED

EQUAL = ("=", "!=")
TEXT = (*EQUAL, "~")
ORDER = (*EQUAL, "<", "<=", ">", ">=")

UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}
UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30}
# Each long run of ids is a level of the database's expressions.
MAX_RUNS = 500

HAVING = (
    "caption",
    "place",
    "film",
    "text",
    *(fact.field for fact in FILTERABLE if not fact.required),
)

# A number as a person writes it: 007 is a name, and so is +49. Extra columns store those as text.
NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?([eE][+-]?\d{1,2})?")

# An extra column is named as it is, or with this prefix if a field has that name too.
COLUMN = "field."
ORIENTATIONS = ("landscape", "portrait", "square")


@dataclass(frozen=True, slots=True)
class DateSpan:
    """The moments that a date covers, as ISO 8601 text: from `start` to before `end`."""

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the earth in degrees; where west is past east, it crosses the date line."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of an extra column, in every type that it can be read as."""

    text: str
    number: float | None
    span: DateSpan | None


Ranges = tuple[tuple[int, int], ...]
"""Ranges of ids, with the first and the last of each included."""

Value = str | float | DateSpan | Box | Cell | Ranges


@dataclass(frozen=True, slots=True)
class Field:
    """A field of filters: its operators, how a value is read, and an example."""

    operators: tuple[str, ...]
    parse: Callable[[str], Value]
    example: str


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("nothing is named")
    return text.strip()


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"not one of {choices}")
        return text.lower()

    return read


def _number(text: str) -> float:
    if not re.fullmatch(r"\d{1,12}(\.\d+)?", text):
        raise ValueError("no number")
    return float(text)


def _size(text: str) -> float:
    parts = re.fullmatch(r"([\d.]+)\s*([a-z]*)", text.lower())
    if parts is None or parts[2] not in UNITS:
        raise ValueError("no size")
    return _number(parts[1]) * UNITS[parts[2]]


def _colour(text: str) -> str:
    lower = SPELLINGS.get(text.lower(), text.lower())
    if lower not in NAMED and not re.fullmatch(r"#[0-9a-f]{6}", lower):
        raise ValueError("no colour")
    return lower


def _cell(text: str) -> Cell:
    number = float(text) if NUMBER.fullmatch(text) else None
    try:
        span = _date(text)
    except ValueError:
        span = None
    return Cell(_text(text), number, span)


def _picture_id(text: str) -> float | str:
    if not re.fullmatch(r"\d{1,18}", text):
        raise ValueError("no id")
    return text


def _ids(text: str) -> Ranges:
    if not re.fullmatch(r"\d{1,18}(-\d{1,18})?(,\d{1,18}(-\d{1,18})?)*", text):
        raise ValueError("no ids")
    ends = [part.partition("-") for part in text.split(",")]
    if text.count("-") > MAX_RUNS:
        raise ValueError("too many runs")
    return tuple((int(first), int(last or first)) for first, _, last in ends)


def _date(text: str) -> DateSpan:
    if not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", text):
        raise ValueError("no date")
    year, month, day = (int(part) for part in f"{text}-01-01".split("-")[:3])
    start = date(year, month, day)
    if year == date.max.year:
        raise ValueError("a year that has no next")
    if len(text) == 4:
        end = date(year + 1, 1, 1)
    elif len(text) == 7:
        end = (start + timedelta(days=31)).replace(day=1)
    else:
        end = start + timedelta(days=1)
    return DateSpan(start.isoformat(), end.isoformat())


def _box(text: str) -> Box:
    parts = [float(part) for part in text.split(",")]
    if len(parts) != 4 or not all(abs(part) <= 180 for part in parts):
        raise ValueError("no box")
    south, west, north, east = parts
    if not -90 <= south <= north <= 90:
        raise ValueError("no box")
    return Box(south, west, north, east)


READERS: Mapping[FactType, tuple[tuple[str, ...], Callable[[str], Value]]] = {
    "name": (EQUAL, _text),
    "text": (TEXT, _text),
    "moment": (ORDER, _date),
    "pixels": (ORDER, _number),
    "number": (ORDER, _number),
}
"""The operators of a fact, and how a value is read, by the fact's type."""


def _facts(*types: FactType) -> dict[str, Field]:
    """Return the fields of the filterable facts of these types."""
    return {
        fact.field: Field(*READERS[fact.type], fact.example)
        for fact in FILTERABLE
        if fact.type in types
    }


# The fields of a picture; their SQL is in `search.catalog.conditions`.
FIELDS: dict[str, Field] = {
    "collection": Field(EQUAL, _text, "collection = holidays"),
    "folder": Field(EQUAL, _text, 'folder = "/home/me/Pictures/2021"'),
    **_facts("moment"),
    "size": Field(ORDER, _size, "size > 2MB"),
    **_facts("pixels", "number"),
    "megapixels": Field(ORDER, _number, "megapixels >= 12"),
    "orientation": Field(EQUAL, _one_of(*ORIENTATIONS), "orientation = portrait"),
    **_facts("name", "text"),
    "caption": Field(("~",), _text, 'caption ~ "the beach"'),
    "exact": Field(("~",), _text, 'exact ~ "no parking"'),
    "name": Field(TEXT, _text, "name ~ IMG_2019"),
    "path": Field(TEXT, _text, "path ~ rome"),
    "text": Field(("~",), _text, "text ~ invoice"),
    "language": Field(EQUAL, _text, "language = zh"),
    "colour": Field(
        EQUAL, _colour, "colour = blue, colour = #336699; the names are: " + ", ".join(NAMED)
    ),
    "box": Field(("=",), _box, "box = 48.8,2.2,48.9,2.5"),
    "has": Field(EQUAL, _text, "has = caption"),
    "id": Field(EQUAL, _ids, "id = 3,7-12"),
    "same": Field(EQUAL, _picture_id, "same = 412"),
}


@cache
def field_names() -> tuple[str, ...]:
    """Return the names of the fields of filters: Limn's own, and those that other packages add.

    Another package registers an object with a `field` and a `condition` as an entry point of the
    group `limn.filters`, under the field's name. It is imported when the field is used.
    """
    return (*FIELDS, *(name for name in plugins.added_points("filters") if name not in FIELDS))


def find_field(name: str) -> Field | None:
    """Return the field of a name, or None.

    Raises:
        BadSetting: another package's field can't be imported.
    """
    if name in FIELDS:
        return FIELDS[name]
    added = plugins.find_added("filters", name)
    return None if added is None else added.field


# What may be asked of a further column of the pictures' source, whichever it is.
FURTHER = Field((*ORDER, "~"), _cell, "rating >= 4")

SPELLINGS = {"color": "colour", "gray": "grey"}
