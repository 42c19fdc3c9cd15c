"""The language of filters: from `camera ~ canon and date >= 2020` to a `Filter`, and back."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from search.errors import BadQuery
from search.records import AllOf, AnyOf, Condition, Filter, Not

MOST_CHARACTERS = 4_000

# Each level costs a call of the parser and of the database's, which has 1,000 levels at most.
DEEPEST = 50

EQUAL = ("=", "!=")
TEXT = (*EQUAL, "~")
ORDER = (*EQUAL, "<", "<=", ">", ">=")

# Each long run of ids is a level of the database's expressions too.
MOST_RUNS = 500

TOKENS = re.compile(
    r'\s*(?:(?P<quoted>"[^"]*")|(?P<sign>[()]|!=|<=|>=|[=<>~])|(?P<word>[^\s()=<>~!"]+))'
)

UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}
UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30}
HAVING = ("caption", "date", "place", "camera")
ORIENTATIONS = ("landscape", "portrait", "square")


@dataclass(frozen=True, slots=True)
class Span:
    """The moments that a date names, as ISO 8601 text: from `start` to before `end`."""

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the earth in degrees; where west is past east, it lies across the date line."""

    south: float
    west: float
    north: float
    east: float


Ranges = tuple[tuple[int, int], ...]
"""Ids from the first to the last of each, both among them."""

Value = str | float | Span | Box | Ranges


@dataclass(frozen=True, slots=True)
class Field:
    """What may be asked of one field: the operators, how a value is read, and an example."""

    operators: tuple[str, ...]
    read: Callable[[str], Value]
    example: str


def parse(text: str) -> Filter:
    """Read a filter: conditions `field operator value`, and, or, not, parentheses, "quotes".

    Raises:
        BadQuery: it can't be read, or a condition is none; the message shows where and what may be.
    """
    if len(text) > MOST_CHARACTERS:
        raise BadQuery(
            f"the filter has {len(text):,} characters; it may have {MOST_CHARACTERS:,} at most"
        )
    tokens = _tokens(text)
    if not tokens:
        raise BadQuery(f"the filter is empty; write one such as: {FIELDS['camera'].example}")
    found, rest = _any_of(tokens, 0)
    if rest:
        raise BadQuery(f"the filter {text!r} can't be read from {rest[0]!r} on")
    return found


def check(wanted: Filter) -> None:
    """Refuse a filter with an unknown field, operator or value; raises BadQuery."""
    match wanted:
        case Condition():
            value_of(wanted)
        case Not():
            check(wanted.filter)
        case AllOf() | AnyOf():
            for each in wanted.filters:
                check(each)


def value_of(condition: Condition) -> Value:
    """A condition's value, read as its field wants it; raises BadQuery."""
    field = FIELDS.get(condition.field)
    if field is None:
        raise BadQuery(
            f"there is no field {condition.field!r} to filter by; the fields are: "
            + ", ".join(FIELDS)
        )
    if condition.operator not in field.operators:
        raise BadQuery(
            f"{condition.field} takes {' '.join(field.operators)}, not {condition.operator!r}; "
            f"such as: {field.example}"
        )
    try:
        return field.read(condition.value)
    except ValueError as error:
        raise BadQuery(
            f"{condition.field} can't be {condition.value[:80]!r}; such as: {field.example}"
        ) from error


def written(wanted: Filter) -> str:
    """The filter as `parse` reads it."""
    match wanted:
        case Condition():
            plain = TOKENS.fullmatch(wanted.value)
            bare = plain is not None and plain["word"] is not None
            value = wanted.value if bare and wanted.value.lower() not in KEYWORDS else None
            return f"{wanted.field} {wanted.operator} {value or _quoted(wanted.value)}"
        case Not():
            return f"not ({written(wanted.filter)})"
        case AllOf():
            return " and ".join(f"({written(each)})" for each in wanted.filters)
        case AnyOf():
            return " or ".join(f"({written(each)})" for each in wanted.filters)


KEYWORDS = ("and", "or", "not")


def _quoted(value: str) -> str:
    return '"' + value.replace('"', "'") + '"'


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    place = 0
    while text[place:].strip():
        token = TOKENS.match(text, place)
        if token is None:
            raise BadQuery(f"the filter can't be read from {text[place:].strip()[:40]!r} on")
        found.append(token[0].strip())
        place = token.end()
    return found


def _any_of(tokens: list[str], depth: int) -> tuple[Filter, list[str]]:
    first, tokens = _all_of(tokens, depth)
    parts = [first]
    while tokens and tokens[0].lower() == "or":
        part, tokens = _all_of(tokens[1:], depth)
        parts.append(part)
    return (first if len(parts) == 1 else AnyOf(tuple(parts))), tokens


def _all_of(tokens: list[str], depth: int) -> tuple[Filter, list[str]]:
    first, tokens = _one(tokens, depth)
    parts = [first]
    while tokens and tokens[0] != ")" and tokens[0].lower() != "or":
        part, tokens = _one(tokens[1:] if tokens[0].lower() == "and" else tokens, depth)
        parts.append(part)
    return (first if len(parts) == 1 else AllOf(tuple(parts))), tokens


def _one(tokens: list[str], depth: int) -> tuple[Filter, list[str]]:
    if depth > DEEPEST:
        raise BadQuery(f"the filter is nested more than {DEEPEST} deep; write it flatter")
    if tokens and tokens[0].lower() == "not":
        inner, tokens = _one(tokens[1:], depth + 1)
        return Not(inner), tokens
    if tokens and tokens[0] == "(":
        inner, tokens = _any_of(tokens[1:], depth + 1)
        if not tokens:
            raise BadQuery("the filter has a parenthesis that is not closed")
        return inner, tokens[1:]
    if len(tokens) < 3:
        ends = " ".join(tokens)
        raise BadQuery(
            f"the filter ends at {ends!r} where a condition is wanted, "
            f"such as: {FIELDS['camera'].example}"
        )
    name, operator, value = tokens[:3]
    condition = Condition(name.lower(), operator, value.strip('"'))
    value_of(condition)
    return condition, tokens[3:]


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("nothing is named")
    return text.strip()


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in allowed:
            raise ValueError(f"not one of {allowed}")
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


def _picture_id(text: str) -> float | str:
    if not re.fullmatch(r"\d{1,18}", text):
        raise ValueError("no id")
    return text


def _ids(text: str) -> Ranges:
    if not re.fullmatch(r"\d{1,18}(-\d{1,18})?(,\d{1,18}(-\d{1,18})?)*", text):
        raise ValueError("no ids")
    ends = [part.partition("-") for part in text.split(",")]
    if text.count("-") > MOST_RUNS:
        raise ValueError("too many runs")
    return tuple((int(first), int(last or first)) for first, _, last in ends)


def _date(text: str) -> Span:
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
    return Span(start.isoformat(), end.isoformat())


def _box(text: str) -> Box:
    parts = [float(part) for part in text.split(",")]
    if len(parts) != 4 or not all(abs(part) <= 180 for part in parts):
        raise ValueError("no box")
    south, west, north, east = parts
    if not -90 <= south <= north <= 90:
        raise ValueError("no box")
    return Box(south, west, north, east)


# What may be asked of a picture; how each becomes SQL stands in `search.catalog_filters`.
FIELDS: dict[str, Field] = {
    "collection": Field(EQUAL, _text, "collection = holidays"),
    "folder": Field(EQUAL, _text, 'folder = "/home/me/Pictures/2021"'),
    "date": Field(ORDER, _date, "date >= 2021-05"),
    "size": Field(ORDER, _size, "size > 2MB"),
    "width": Field(ORDER, _number, "width >= 3000"),
    "height": Field(ORDER, _number, "height >= 2000"),
    "megapixels": Field(ORDER, _number, "megapixels >= 12"),
    "orientation": Field(EQUAL, _one_of(*ORIENTATIONS), "orientation = portrait"),
    "format": Field(EQUAL, _text, "format = jpeg"),
    "camera": Field(TEXT, _text, "camera ~ canon"),
    "caption": Field(("~",), _text, 'caption ~ "the beach"'),
    "box": Field(("=",), _box, "box = 48.8,2.2,48.9,2.5"),
    "has": Field(EQUAL, _one_of(*HAVING), "has = caption"),
    "id": Field(EQUAL, _ids, "id = 3,7-12"),
    "same": Field(EQUAL, _picture_id, "same = 412"),
}
