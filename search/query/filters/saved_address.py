"""Picture ids in the address of a saved search: found, and replaced."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from search.errors import BadQuery
from search.query.filters.grammar import format_filter, map_conditions, parse
from search.query.filters.tree import Condition

# Fields of the search page whose value is a picture's id; `similar` may name a part: 12@0,0,50,100.
ID_FIELDS = ("similar", "more", "less")


def picture_ids(address: str) -> list[int]:
    """Return the ids in an address, each once, in its order."""
    ids: dict[int, None] = {}

    def note(picture_id: int) -> int:
        ids[picture_id] = None
        return picture_id

    _map(address, note)
    return list(ids)


def with_ids(address: str, current: Mapping[int, int]) -> str:
    """Return the address with other ids; ids that are not in `current` stay."""
    if all(old == new for old, new in current.items()):
        return address
    return _map(address, lambda picture_id: current.get(picture_id, picture_id))


def _map(address: str, change: Callable[[int], int]) -> str:
    fields = [
        (name, _map_field(name, value, change))
        for name, value in parse_qsl(address, keep_blank_values=True)
    ]
    return urlencode(fields)


def _map_field(name: str, value: str, change: Callable[[int], int]) -> str:
    if name in ID_FIELDS:
        number, at, part = value.partition("@")
        return f"{change(int(number))}{at}{part}" if number.isdecimal() else value
    if name == "where" and ("id" in value or "same" in value):
        with suppress(BadQuery):  # one that can't be read is reported when it is searched
            return _filter(value, change)
    return value


def _filter(text: str, change: Callable[[int], int]) -> str:
    """Change single ids in `id =` and `same =`; ranges of ids name no picture in particular."""
    where = parse(text)

    def with_id(condition: Condition) -> Condition:
        if condition.field not in ("id", "same"):
            return condition
        parts = [
            str(change(int(part))) if part.strip().isdecimal() else part
            for part in condition.value.split(",")
        ]
        return replace(condition, value=",".join(parts))

    new_where = map_conditions(where, with_id)
    return text if new_where == where else format_filter(new_where)
