"""Checks of values that one database or the other can't store, before either is called."""

from collections.abc import Iterable, Mapping
from typing import Any

from search.errors import BadQuery

# SQL's largest whole number, one bit of its 64 being the sign.
LARGEST = 2**63 - 1

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
        elif type(value) is int and not -LARGEST <= value <= LARGEST:
            raise BadQuery(
                "number-too-large",
                "the number {value} is too large; whole numbers go up to {most}",
                value=_shown(value),
                most=LARGEST,
            )


def _check_text(text: str) -> None:
    if "\0" in text:
        raise BadQuery(
            "text-holds-nul",
            "{text} holds the character NUL, which no text has; leave it out",
            text=_shown(text),
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = text[error.start]
        raise BadQuery(
            "text-holds-surrogate",
            "{text} holds {character!r}, half of a surrogate pair, which is no character; "
            "leave it out",
            text=_shown(text),
            character=half,
        ) from error


def _values(parameters: Any) -> Iterable[Any]:
    """Yield the values of one row or of several, by name or in order."""
    if isinstance(parameters, Mapping):
        yield from parameters.values()
    elif isinstance(parameters, list | tuple):
        for each in parameters:
            if isinstance(each, Mapping | tuple):
                yield from _values(each)
            else:
                yield each


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= SHOWN_CHARACTERS else f"{shown[:SHOWN_CHARACTERS]}…"
