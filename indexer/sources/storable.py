"""Reduction of values from files to storable ones; all others are left out."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from search.errors import BadSource
from search.picture_facts import FACTS, MAX_CHARACTERS, Fact
from search.records import Caption, PictureFacts
from search.text.characters import storable

# The lengths of the columns in SQL.
LONGEST_NAME, LONGEST_TEXT = 100, 500
LONGEST_LANGUAGE, LONGEST_KIND = 35, 50

# Further columns of one picture; what has more is a dump of something else.
MAX_FIELDS = 1_000

# A longer number is read as a float: Python takes a second for a million digits.
LONGEST_INTEGER = 300


def parse_json(text: str) -> Any:
    """Parse a JSON text; numbers that are too large become infinite.

    Raises:
        BadSource: it is not JSON, or is nested too deeply.
    """
    try:
        return json.loads(text, parse_int=_integer)
    except RecursionError:
        raise BadSource(
            "json-too-deep", "it is not JSON that can be read: it is nested too deeply"
        ) from None
    except ValueError as error:
        raise BadSource("json-invalid", "it is not JSON: {error}", error=error) from error


def storable_captions(captions: Iterable[Caption]) -> tuple[Caption, ...]:
    """Return the storable captions, each once, without empty ones."""
    valid = (
        replace(
            caption,
            text=text,
            language=storable(caption.language or "").strip()[:LONGEST_LANGUAGE] or None,
            kind=storable(caption.kind).strip()[:LONGEST_KIND] or "caption",
        )
        for caption in captions
        if (text := storable(caption.text).strip())
    )
    return tuple(dict.fromkeys(valid))


def storable_fields(fields: Mapping[str, str | float]) -> dict[str, str | float]:
    """Return the storable fields: names and texts cut, numbers finite."""
    valid: dict[str, str | float] = {}
    for name, value in fields.items():
        name = storable(name).strip()[:LONGEST_NAME].rstrip()
        if isinstance(value, str):
            value = storable(value).strip()[:LONGEST_TEXT]
        if name and value != "" and (isinstance(value, str) or math.isfinite(value)):
            valid[name] = value
        if len(valid) == MAX_FIELDS:
            break
    return valid


def storable_facts(facts: PictureFacts) -> PictureFacts:
    """Return the storable part of a file's own facts."""
    there = _finite(facts.latitude, 90) and _finite(facts.longitude, 180)
    values = {fact.name: _storable_fact(fact, getattr(facts, fact.name)) for fact in FACTS}
    values |= {
        "latitude": facts.latitude if there else None,
        "longitude": facts.longitude if there else None,
        "captions": storable_captions(facts.captions),
    }
    return replace(facts, **values)


def _storable_fact(fact: Fact, value: Any) -> Any:
    """Return the storable part of a fact by its type; None for nothing."""
    if fact.type == "number":
        return value if value is not None and math.isfinite(value) else None
    if fact.type not in MAX_CHARACTERS:
        return value
    text = storable(value or "").strip()[: MAX_CHARACTERS[fact.type]]
    return text if fact.required else text or None


def _finite(value: float | None, most: float) -> bool:
    return value is not None and math.isfinite(value) and abs(value) <= most


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_INTEGER else float(digits)
