"""SQL of each field of a filter: a condition on `picture`."""

import json
import operator
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from search.catalog.database import tables as t
from search.catalog.database.statements import below
from search.catalog.visual_hashes import with_colour
from search.errors import BadQuery
from search.packages import plugins
from search.picture_facts import FILTERABLE, FactType
from search.query.filters.fields import COLUMN, HAVING, Box, Cell, DateSpan, Value
from search.records import FILM_SUFFIXES
from search.text.characters import forms
from search.text.path_names import user_path

Test = sa.ColumnElement[bool]

# The beginning of an ISO 8601 date.
DATE = "____-__-__%"

ORDERED: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

# Of consecutive ids, up to this many are compared one by one.
SHORT_RUN = 20

p = t.picture.c


def column(name: str) -> Callable[[str, Value], Test]:
    """Return the condition on an extra column: a number, or a text that may be a date."""
    f = t.field.c

    def test(sign: str, value: Value) -> Test:
        assert isinstance(value, Cell)
        if sign == "~":
            tests = [_contains(f.text, value.text)]
        elif sign == "=" and value.number is not None:
            tests = [f.number == value.number]
        elif sign == "=":
            tests = [f.text.in_(forms(value.text))]
        elif value.number is None and value.span is None:
            raise BadQuery(
                "filter-value-not-comparable",
                "{field} {operator} {value!r} compares with what is neither a number nor a "
                "date; such as: {field} {operator} 4, or {field} {operator} 2021-05",
                field=name,
                operator=sign,
                value=value.text[:80],
            )
        else:
            tests = [] if value.number is None else [ORDERED[sign](f.number, value.number)]
        if value.span is not None and sign != "~":
            tests.append(sa.and_(f.text.like(DATE), _within(f.text, sign, value.span)))
        # Each with its name: then an index of its own answers each.
        matches = sa.or_(*(sa.and_(f.name == name, comparison) for comparison in tests))
        return p.id.in_(sa.select(f.picture_id).where(matches))

    return test


def _compare(column: sa.ColumnElement[Any]) -> Callable[[str, Value], Test]:
    return lambda sign, value: ORDERED[sign](column, value)


def _contains(column: sa.ColumnElement[Any], text: str) -> Test:
    return sa.or_(*(column.icontains(form, autoescape=True) for form in forms(text)))


def _compare_text(column: sa.ColumnElement[Any]) -> Callable[[str, Value], Test]:
    """Compare text without regard to case, whole or in part."""

    def test(sign: str, value: Value) -> Test:
        text = str(value)
        if sign == "~":
            return _contains(column, text)
        # Lowered on both sides by the database, which may know fewer letters than Python.
        return sa.func.lower(column).in_([sa.func.lower(form) for form in forms(text)])

    return test


def _collection(_: str, value: Value) -> Test:
    collection_ids = sa.select(t.collection.c.id).where(t.collection.c.name.in_(forms(str(value))))
    return p.collection_id.in_(collection_ids)


def _folder(_: str, value: Value) -> Test:
    path = user_path(Path(str(value)))
    return sa.or_(*(below(p.path, Path(form)) for form in forms(str(path))))


def _compare_moments(column: sa.ColumnElement[Any]) -> Callable[[str, Value], Test]:
    def test(sign: str, value: Value) -> Test:
        assert isinstance(value, DateSpan)
        return _within(column, sign, value)

    return test


def _within(column: sa.ColumnElement[Any], sign: str, span: DateSpan) -> Test:
    """Compare a moment, as ISO 8601 text, with a span.

    A day is the beginning of all its moments, so the texts compare directly.
    """
    tests = {
        "=": sa.and_(column >= span.start, column < span.end),
        "<": column < span.start,
        "<=": column < span.end,
        ">": column >= span.end,
        ">=": column >= span.start,
    }
    return tests[sign]


def _colour(_: str, value: Value) -> Test:
    return p.id.in_(with_colour(str(value)))


def _orientation(_: str, value: Value) -> Test:
    tests = {
        "landscape": p.width_px > p.height_px,
        "portrait": p.width_px < p.height_px,
        "square": p.width_px == p.height_px,
    }
    return tests[str(value)]


def _caption(_: str, value: Value) -> Test:
    c = t.caption.c
    return sa.exists().where(c.picture_id == p.id, _contains(c.text, str(value)))


def _compare_name(column: sa.ColumnElement[Any]) -> Callable[[str, Value], Test]:
    """Compare the text of a picture's path."""
    compare_text, n = _compare_text(column), t.picture_names.c

    def test(sign: str, value: Value) -> Test:
        matches = compare_text(sign, value)
        return p.id.in_(sa.select(n.picture_id).where(matches))

    return test


def _exact(sign: str, value: Value) -> Test:
    """Look for words in each of the texts of a picture."""
    return sa.or_(*(place(sign, value) for place in TEXTS))


def _field_text(_: str, value: Value) -> Test:
    f = t.field.c
    return p.id.in_(sa.select(f.picture_id).where(_contains(f.text, str(value))))


def _written(_: str, value: Value) -> Test:
    x = t.picture_text.c
    # As JSON, so that a word is not found across lines; quotes and backslashes are escaped there.
    tests = [
        x.lines.icontains(json.dumps(form, ensure_ascii=False)[1:-1], autoescape=True)
        for form in forms(str(value))
    ]
    return p.id.in_(sa.select(x.picture_id).where(sa.or_(*tests)))


def _language(_: str, value: Value) -> Test:
    c = t.caption.c
    same_language = sa.func.lower(c.language) == sa.func.lower(str(value))
    return sa.exists().where(c.picture_id == p.id, same_language)


def _box(_: str, value: Value) -> Test:
    assert isinstance(value, Box)
    east_of, west_of = p.longitude >= value.west, p.longitude <= value.east
    across = sa.or_(east_of, west_of) if value.west > value.east else sa.and_(east_of, west_of)
    return sa.and_(p.latitude >= value.south, p.latitude <= value.north, across)


def _has(_: str, value: Value) -> Test:
    column = str(value).removeprefix(COLUMN)
    if column != value or column.lower() not in HAVING:
        has_column = t.field.c.name.in_(forms(column))
        return p.id.in_(sa.select(t.field.c.picture_id).where(has_column))
    tests = {
        "caption": sa.exists().where(t.caption.c.picture_id == p.id),
        "place": p.latitude.is_not(None),
        "film": _in_film(),
        "text": p.id.in_(sa.select(t.picture_text.c.picture_id)),
        **{fact.field: p[fact.name].is_not(None) for fact in FILTERABLE if not fact.required},
    }
    return tests[column.lower()]


def _in_film() -> Test:
    """Return the condition on frames of films: the film is the folder of their names."""
    n = t.picture_names.c
    films = [n.folder.iendswith(suffix) for suffix in FILM_SUFFIXES]
    return p.id.in_(sa.select(n.picture_id).where(sa.or_(*films)))


def _same(_: str, value: Value) -> Test:
    other = t.picture.alias()
    return p.content_hash.in_(sa.select(other.c.content_hash).where(other.c.id == int(str(value))))


def _id(_: str, value: Value) -> Test:
    assert isinstance(value, tuple)
    # Short runs one by one: each test of a range is a level of SQLite's expressions.
    single = [
        picture_id
        for first, last in value
        if last - first < SHORT_RUN
        for picture_id in range(first, last + 1)
    ]
    runs = [p.id.between(first, last) for first, last in value if last - first >= SHORT_RUN]
    return sa.or_(p.id.in_(single), *runs)


FILE_PATH = t.picture_names.c.folder + "/" + t.picture_names.c.name

# Where `exact` looks: any further text of a picture, such as words in it, is one more condition.
TEXTS: tuple[Callable[[str, Value], Test], ...] = (
    _caption,
    _compare_name(FILE_PATH),
    _field_text,
    _written,
)

COMPARISONS: Mapping[FactType, Callable[[sa.ColumnElement[Any]], Callable[[str, Value], Test]]] = {
    "name": _compare_text,
    "text": _compare_text,
    "moment": _compare_moments,
    "pixels": _compare,
    "number": _compare,
}
"""The condition on a fact's column, by the fact's type."""

CONDITIONS: dict[str, Callable[[str, Value], Test]] = {
    "collection": _collection,
    "folder": _folder,
    "size": _compare(p.size_bytes),
    # 32 bits times 32 bits: PostgreSQL refuses a product that overflows 32 bits.
    "megapixels": _compare(sa.cast(p.width_px, sa.BigInteger) * p.height_px / 1e6),
    "orientation": _orientation,
    **{fact.field: COMPARISONS[fact.type](p[fact.name]) for fact in FILTERABLE},
    "caption": _caption,
    "exact": _exact,
    "name": _compare_name(t.picture_names.c.name),
    "path": _compare_name(FILE_PATH),
    "text": _written,
    "language": _language,
    "colour": _colour,
    "box": _box,
    "has": _has,
    "id": _id,
    "same": _same,
}


def find_condition(field: str) -> Callable[[str, Value], Test] | None:
    """Return the condition on a field, Limn's own or another package's, or None.

    Raises:
        BadSetting: another package's field can't be imported.
    """
    if field in CONDITIONS:
        return CONDITIONS[field]
    added = plugins.find_added("filters", field)
    return None if added is None else added.condition
