"""Detection of filters that no picture can pass, from the filter alone."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations

from search.errors import Message
from search.picture_facts import FILTERABLE
from search.query.filters.fields import DateSpan
from search.query.filters.grammar import format_filter, value_of
from search.query.filters.tree import AllOf, AnyOf, Condition, Filter, Not

# Fields that have one value a picture, which is a word.
WORDS = (
    *("collection", "orientation"),
    *(fact.field for fact in FILTERABLE if fact.type in ("name", "text")),
)

# Fields that have one value a picture, which is a number or a moment.
ORDERED = (
    *("size", "megapixels"),
    *(fact.field for fact in FILTERABLE if fact.type in ("moment", "pixels", "number")),
)

Reach = tuple[float | str, bool, float | str, bool]
"""The range of a condition, each end with True if the end itself is excluded."""


def contradiction(where: Filter) -> tuple[Condition, ...]:
    """Return the condition that no picture can pass, or two that exclude each other; else nothing.

    Only certain contradictions are returned: of extra columns and of fields with several values,
    such as colours, a picture may pass both conditions.
    """
    match where:
        case Condition():
            return (where,) if _empty(where) else ()
        case Not():
            return ()
        case AnyOf():
            conflicts = [contradiction(part) for part in where.filters]
            return conflicts[0] if conflicts and all(conflicts) else ()
        case AllOf():
            return next(_among(where), ())


def format_contradiction(conflict: tuple[Condition, ...]) -> Message:
    """Return a contradiction in words."""
    one, *others = map(format_filter, conflict)
    if not others:
        return Message("condition-names-nothing", "{condition} names none", condition=one)
    return Message(
        "conditions-exclude-each-other",
        "{one} and {other} exclude each other",
        one=one,
        other=others[0],
    )


def _among(where: AllOf) -> Iterator[tuple[Condition, ...]]:
    by_field: dict[str, list[Condition]] = defaultdict(list)
    for part in where.filters:
        conflict = contradiction(part)
        if conflict:
            yield conflict
        for condition in _certain(part):
            by_field[condition.field].append(condition)
    for field, several in by_field.items():
        excludes = RULES.get(field)
        if excludes is not None:
            yield from (pair for pair in combinations(several, 2) if excludes(*pair))


def _certain(where: Filter) -> Iterator[Condition]:
    """Yield the conditions that every picture which passes must pass."""
    match where:
        case Condition():
            yield where
        case AllOf():
            for part in where.filters:
                yield from _certain(part)


def _empty(condition: Condition) -> bool:
    """Return whether an id condition names nothing: a range from a later to an earlier id."""
    return condition.field == "id" and condition.operator == "=" and not _ids(condition)


def _ids(condition: Condition) -> list[tuple[int, int]]:
    ranges = value_of(condition)
    assert isinstance(ranges, tuple)
    return [(first, last) for first, last in ranges if first <= last]


def _other_ids(one: Condition, other: Condition) -> bool:
    if (one.operator, other.operator) != ("=", "="):
        return False
    return not any(
        first <= end and start <= last for first, last in _ids(one) for start, end in _ids(other)
    )


def _other_words(one: Condition, other: Condition) -> bool:
    # Names of collections differ by case too, as SQL compares them.
    normalize = str if one.field == "collection" else str.casefold
    differ = normalize(one.value) != normalize(other.value)
    signs = {one.operator, other.operator}
    return differ if signs == {"="} else not differ and signs == {"=", "!="}


def _other_reach(one: Condition, other: Condition) -> bool:
    """Return whether the ranges of two conditions have no value in common."""
    if "!=" in (one.operator, other.operator):
        return False
    return _ends_before(_reach(one), _reach(other)) or _ends_before(_reach(other), _reach(one))


def _ends_before(one: Reach, other: Reach) -> bool:
    _, _, end, without_end = one
    start, without_start, _, _ = other
    if isinstance(end, str) != isinstance(start, str):
        return False  # an open end, which is a number, compared with a date
    return end < start or (end == start and (without_end or without_start))  # type: ignore[operator]


def _reach(condition: Condition) -> Reach:
    value, sign = value_of(condition), condition.operator
    if isinstance(value, DateSpan):  # from its start to before its end
        least = {"=": value.start, ">=": value.start, ">": value.end}.get(sign, -math.inf)
        most = {"=": value.end, "<=": value.end, "<": value.start}.get(sign, math.inf)
        return least, False, most, True
    assert isinstance(value, float)
    least = value if sign in ("=", ">=", ">") else -math.inf
    most = value if sign in ("=", "<=", "<") else math.inf
    return least, sign == ">", most, sign == "<"


RULES: dict[str, Callable[[Condition, Condition], bool]] = {
    **dict.fromkeys(WORDS, _other_words),
    **dict.fromkeys(ORDERED, _other_reach),
    "id": _other_ids,
}
