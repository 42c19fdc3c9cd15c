"""The order of a set by one value of each picture, and the headings of that order."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from search.catalog.catalog import Catalog
from search.catalog.sorting import SortRow
from search.query.limits import MAX_HITS
from search.query.records import Query
from search.query.sorting import Sort, parse_sort

# A date as files and tables write it; its first 4, 7 or 10 characters are a year, month or day.
DATE = re.compile(r"\d{4}-\d\d-\d\d")
DAY, MONTH, YEAR = 10, 7, 4

# A heading takes the height of a row, and a row has about four pictures.
MIN_PICTURES = 4

# Values that rarely repeat, such as titles, are no headings, unless there are few of them.
FEW_VALUES = 8

# Widths and other measures: next to no two pictures have the same.
WITHOUT_HEADINGS = ("size", "width", "height", "megapixels", "latitude", "longitude")

DIGITS = re.compile(r"(\d+)", re.ASCII)
OTHER_CHARACTERS, DIGIT_HEADING, HAN_HEADING = "#", "0-9", "汉"


class Place(NamedTuple):
    """A picture in a sorted set, and its heading: "" without the value, None without headings."""

    picture_id: int
    group: str | None


Order = Callable[[Sequence[int]], Sequence[Place]]
"""A function that puts the ids of a set in order."""


def order_of(catalog: Catalog, query: Query) -> Order | None:
    """Return the order of a query, as it was resolved; None for that of relevance."""
    sort = parse_sort(query.sort)
    return None if sort is None else lambda ids: arrange(catalog.sorting.values(ids, sort), sort)


def list_pictures(catalog: Catalog, collection_ids: Sequence[int], query: Query) -> list[Place]:
    """Return the first pictures that pass a query's filter, in its order, else newest first."""
    sort = parse_sort(query.sort)
    if sort is None:
        newest = catalog.filters.newest(collection_ids, query.where, MAX_HITS)
        return [Place(picture_id, None) for picture_id in newest.tolist()]
    return arrange(catalog.sorting.first(collection_ids, query.where, sort, MAX_HITS), sort)


def arrange(rows: Sequence[SortRow], sort: Sort) -> list[Place]:
    """Return pictures in order: those without the value last, equal ones by id."""
    key: Callable[[Any], tuple[Any, ...]] = _name_key if sort.field == "name" else _value_key
    known_rows = sorted(
        (row for row in rows if row.value is not None),
        key=lambda row: (key(row.value), row.picture_id),
        reverse=sort.is_descending,
    )
    unknown = (row.picture_id for row in rows if row.value is None)
    groups = _groups([row.value for row in known_rows], sort)
    rest = None if groups is None else ""
    return [
        *(
            Place(row.picture_id, None if groups is None else groups[at])
            for at, row in enumerate(known_rows)
        ),
        *(Place(picture_id, rest) for picture_id in sorted(unknown, reverse=sort.is_descending)),
    ]


def _groups(values: Sequence[Any], sort: Sort) -> list[str] | None:
    """Return the headings of values in order; None where headings would tell nothing."""
    if sort.field in WITHOUT_HEADINGS or not values:
        return None
    texts = [f"{value:.15g}" if isinstance(value, float) else str(value) for value in values]
    if sort.field == "name":
        texts = [_initial(text)[1] for text in texts]
    elif all(DATE.match(text) for text in texts):
        return _dates(texts)
    return texts if len(set(texts)) <= max(FEW_VALUES, len(texts) // 2) else None


def _dates(texts: Sequence[str]) -> list[str]:
    """Return the days of dates, else their months, else years: what enough pictures share."""
    for length in (DAY, MONTH, YEAR):
        groups = [text[:length] for text in texts]
        if len(groups) >= MIN_PICTURES * len(set(groups)):
            return groups
    return groups


def _value_key(value: str | float) -> tuple[Any, ...]:
    """Return the key of a fact or a column: numbers before texts, texts in any case."""
    if isinstance(value, str):
        return (1, 0.0, _plain(value), value)
    return (0, float(value), "", "")


def _name_key(name: str) -> tuple[Any, ...]:
    """Return the key of a file's name: by its heading, then as people count, 2 before 10."""
    parts = [_number_key(part) for part in DIGITS.split(_plain(name))]
    return (*_initial(name), parts, name)


def _plain(text: str) -> str:
    """Return a text in lower case and without accents."""
    characters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(each for each in characters if not unicodedata.combining(each))


def _number_key(part: str) -> tuple[int, str]:
    """Return the key of a number or of the text between two, which never meet each other."""
    digits = part.lstrip("0")
    return (len(digits), digits) if part[:1].isdigit() else (0, part)


def _initial(name: str) -> tuple[int, str]:
    """Return the heading of a file's name, with the place of its kind."""
    first = unicodedata.normalize("NFKD", name.strip())[:1]
    if not first.isalnum():
        return 0, OTHER_CHARACTERS
    if not first.isalpha():
        return 1, DIGIT_HEADING
    if "CJK" in unicodedata.name(first, ""):
        return 3, HAN_HEADING
    return 2, first.upper()
