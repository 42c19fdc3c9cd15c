"""The language of filters: from `camera ~ canon and date >= 2020` to a `Filter`, and back."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

from search.errors import BadQuery
from search.query.filters.fields import (
    COLUMN,
    FIELDS,
    FURTHER,
    HAVING,
    SPELLINGS,
    Value,
    field_names,
    find_field,
)
from search.query.filters.normal_form import depth
from search.query.filters.tree import AllOf, AnyOf, Condition, Filter, Not

MAX_CHARACTERS = 4_000

# Each level costs a place in the stack of SQLite's parser, which has 100.
DEEPEST = 50

# As `format_filter` writes that: a pair of parentheses each, and "not" before it.
MAX_PARENTHESES = 2 * DEEPEST + 2

TOKENS = re.compile(
    r'\s*(?:(?P<quoted>"[^"]*")|(?P<sign>[()]|=[><=~]|<>|![~=]|[<>]=|[=<>~])|(?P<word>[^\s()=<>~!"]+))'
)


@dataclass(frozen=True, slots=True)
class ResolvedCondition(Condition):
    """A condition whose value is read and whose column is known; `value` is as it was written."""

    parsed_value: Value


def parse(text: str) -> Filter:
    """Read a filter: conditions `field operator value`, and, or, not, parentheses, "quotes".

    Raises:
        BadQuery: the text is not a filter; the message shows the place and what is allowed there.
    """
    if len(text) > MAX_CHARACTERS:
        raise BadQuery(
            "filter-too-long",
            "the filter has {count:,} characters; it may have {most:,} at most",
            count=len(text),
            most=MAX_CHARACTERS,
        )
    tokens = _tokens(text)
    if not tokens:
        raise BadQuery(
            "filter-empty",
            "the filter is empty; write one such as: {example}",
            example=FIELDS["camera"].example,
        )
    where, rest = _any_of(tokens, 0)
    if rest:
        raise BadQuery(
            "filter-unreadable",
            "the filter {filter!r} can't be read from {rest!r} on",
            filter=text,
            rest=rest[0],
        )
    _check_depth(depth(where))
    return where


def check(where: Filter) -> None:
    """Refuse a filter with an unknown field, operator or value, or too deep a one.

    Raises:
        BadQuery: the message names what is wrong.
    """
    _check_depth(depth(where))
    for condition in conditions(where):
        value_of(condition)


def _check_depth(levels: int, most: int = DEEPEST) -> None:
    if levels > most:
        raise BadQuery(
            "filter-too-deep",
            "the filter is nested more than {most} deep; write it flatter",
            most=DEEPEST,
        )


def value_of(condition: Condition) -> Value:
    """Return a condition's value, read by its field's rule; raise BadQuery."""
    if isinstance(condition, ResolvedCondition):
        return condition.parsed_value
    field = find_field(condition.field) or FURTHER
    if condition.operator not in field.operators:
        raise BadQuery(
            "filter-operator-invalid",
            "{field} takes {operators}, not {operator!r}; such as: {example}",
            field=condition.field,
            operators=" ".join(field.operators),
            operator=condition.operator,
            example=field.example,
        )
    try:
        return field.parse(condition.value)
    except ValueError as error:
        raise BadQuery(
            "filter-value-invalid",
            "{field} can't be {value!r}; such as: {example}",
            field=condition.field,
            value=condition.value[:80],
            example=field.example,
        ) from error


def column_of(condition: Condition) -> str | None:
    """Return the extra column of a condition, or None for a condition on a field."""
    if condition.field == "has":
        name = condition.value
        return None if name.lower() in HAVING else name.removeprefix(COLUMN)
    return None if condition.field in field_names() else condition.field.removeprefix(COLUMN)


def in_column(condition: Condition, column: str) -> Condition:
    """Return the condition on an extra column of any name."""
    if condition.field == "has":
        return replace(condition, value=COLUMN + column)
    return replace(condition, field=COLUMN + column)


def conditions(where: Filter) -> Iterator[Condition]:
    """Yield every condition of a filter, repeated ones too."""
    match where:
        case Condition():
            yield where
        case Not():
            yield from conditions(where.filter)
        case AllOf() | AnyOf():
            for part in where.filters:
                yield from conditions(part)


def map_conditions(where: Filter, change: Callable[[Condition], Condition]) -> Filter:
    """Return the filter with `change` applied to each of its conditions."""
    match where:
        case Condition():
            return change(where)
        case Not():
            return Not(map_conditions(where.filter, change))
        case AllOf():
            return AllOf(tuple(map_conditions(part, change) for part in where.filters))
        case AnyOf():
            return AnyOf(tuple(map_conditions(part, change) for part in where.filters))


def format_filter(where: Filter) -> str:
    """Return the filter as text for `parse`."""
    match where:
        case Condition():
            return f"{_plain(where.field)} {where.operator} {_plain(where.value)}"
        case Not():
            return f"not ({format_filter(where.filter)})"
        case AllOf():
            return " and ".join(f"({format_filter(part)})" for part in where.filters)
        case AnyOf():
            return " or ".join(f"({format_filter(part)})" for part in where.filters)


KEYWORDS = ("and", "or", "not")

SIGNS = ("=", "!=", "<", "<=", ">", ">=", "~")

# Operators of other languages.
CORRECTIONS = {"=>": ">=", "=<": "<=", "==": "=", "<>": "!=", "=~": "~", "!~": "~"}


def _plain(text: str) -> str:
    """Return a name or a value unchanged, or in quotes where `parse` would misread it."""
    token = TOKENS.fullmatch(text)
    bare = token is not None and token["word"] == text and text.lower() not in KEYWORDS
    return text if bare else '"' + text.replace('"', "'") + '"'


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    place = 0
    while text[place:].strip():
        token = TOKENS.match(text, place)
        if token is None:
            raise BadQuery(
                "filter-unreadable-from",
                "the filter can't be read from {rest!r} on",
                rest=text[place:].strip()[:40],
            )
        tokens.append(token[0].strip())
        place = token.end()
    return tokens


def _any_of(tokens: list[str], level: int) -> tuple[Filter, list[str]]:
    first, tokens = _all_of(tokens, level)
    parts = [first]
    while tokens and tokens[0].lower() == "or":
        part, tokens = _all_of(tokens[1:], level)
        parts.append(part)
    return (first if len(parts) == 1 else AnyOf(tuple(parts))), tokens


def _all_of(tokens: list[str], level: int) -> tuple[Filter, list[str]]:
    first, tokens = _one(tokens, level)
    parts = [first]
    while tokens and tokens[0] != ")" and tokens[0].lower() != "or":
        part, tokens = _one(tokens[1:] if tokens[0].lower() == "and" else tokens, level)
        parts.append(part)
    return (first if len(parts) == 1 else AllOf(tuple(parts))), tokens


def _one(tokens: list[str], level: int) -> tuple[Filter, list[str]]:
    _check_depth(level, MAX_PARENTHESES)
    if tokens and tokens[0].lower() == "not":
        inner, tokens = _one(tokens[1:], level + 1)
        return Not(inner), tokens
    if tokens and tokens[0] == "(":
        inner, tokens = _any_of(tokens[1:], level + 1)
        if not tokens:
            raise BadQuery(
                "filter-parenthesis-open", "the filter has a parenthesis that is not closed"
            )
        return inner, tokens[1:]
    if len(tokens) < 3:
        ends = " ".join(tokens)
        raise BadQuery(
            "filter-ends-early",
            "the filter ends at {rest!r} where a condition is wanted, such as: {example}",
            rest=ends,
            example=FIELDS["camera"].example,
        )
    name, operator, value = tokens[:3]
    if operator in CORRECTIONS or value in SIGNS:
        raise _operator_error(tokens)
    condition = Condition(_field(name.strip('"')), operator, value.strip('"'))
    value_of(condition)
    return condition, tokens[3:]


def _operator_error(tokens: list[str]) -> BadQuery:
    """Return the error that suggests the right operator for an unknown one, like =>."""
    signs = list(takewhile(lambda token: token in SIGNS or token in CORRECTIONS, tokens[1:]))
    sign = "".join(signs)
    correction = CORRECTIONS.get(sign, sign if sign in SIGNS else None)
    field, value = tokens[0], " ".join(tokens[1 + len(signs) :][:1]) or "..."
    instead = f"{field} {correction} {value}" if correction else FIELDS["date"].example
    if sign == "!~":
        instead = f"not {field} ~ {value}"
    return BadQuery(
        "filter-operator-unknown",
        "the filter has the operator {operator!r}, which is none; write: {example}",
        operator=" ".join(signs),
        example=instead,
    )


def _field(name: str) -> str:
    """Return a field's name in lower case, or the name of a column as it is."""
    if not re.search(r"\w", name):
        raise BadQuery(
            "filter-field-expected",
            "the filter has {name!r} where a field's name is wanted; "
            "a condition looks like this: {example}",
            name=name,
            example=FIELDS["camera"].example,
        )
    lower = SPELLINGS.get(name.lower(), name.lower())
    return lower if lower in field_names() else name
