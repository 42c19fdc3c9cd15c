"""Checks of values that one database or the other can't store, before either is called."""

from collections.abc import Iterable, Mapping
from typing import Any

from search.errors import BadQuery

# SQL's largest whole number, one bit of its 64 being the sign.
MAX_INTEGER = 2**63 - 1

SHOWN_CHARACTERS = 40


def check_values(parameters: Any) -> None:
    """Refuse values that no column can store or compare: one check for every statement.

    PostgreSQL takes no NUL in a text, and SQLite ends a text there when it compares; halves of
    surrogate pairs are no characters, and whole numbers have 64 bits.

    Raises:
        BadQuery: a value is one of these; the message quotes it.
    """
    for value in _values(parameters):
        if type(value) is str:
            if not value.isascii() or "\0" in value:
                _check_text(value)
        elif type(value) is int and not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise BadQuery(
                "number-too-large",
                "the number {value} is too large; whole numbers go up to {most}",
                value=_quote(value),
                most=MAX_INTEGER,
            )


def _check_text(text: str) -> None:
    if "\0" in text:
        raise BadQuery(
            "text-holds-nul",
            "{text} holds the character NUL, which no text has; leave it out",
            text=_quote(text),
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = text[error.start]
        raise BadQuery(
            "text-holds-surrogate",
            "{text} holds {character!r}, half of a surrogate pair, which is no character; "
            "leave it out",
            text=_quote(text),
            character=half,
        ) from error


def _values(parameters: Any) -> Iterable[Any]:
    """Yield the values of one row or of several, by name or in order."""
    if isinstance(parameters, Mapping):
        yield from parameters.values()
    elif isinstance(parameters, list | tuple):
        for value in parameters:
            if isinstance(value, Mapping | tuple):
                yield from _values(value)
            else:
                yield value


def _quote(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
