"""Messages in SQL: the English text, and its code and values in two columns next to it."""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from search.errors import Message, Value
from search.text.characters import storable


def message_columns(column: str, text: str | None) -> dict[str, str | None]:
    """Return the three values of a message; code and values are None for a bare text."""
    code = values = None
    if isinstance(text, Message):
        code, values = text.code, json.dumps(_to_json(text.values))
    text = None if text is None else storable(str(text))
    return {column: text, f"{column}_code": code, f"{column}_values": values}


def stored_message(row: sa.Row[Any], column: str) -> str | None:
    """Return the message of a row; a bare text where a version without codes wrote it."""
    text: str | None = getattr(row, column)
    code: str | None = getattr(row, f"{column}_code")
    if text is None or code is None:
        return text
    return Message.from_parts(code, text, _from_json(json.loads(getattr(row, f"{column}_values"))))


def _to_json(values: Mapping[str, Value]) -> dict[str, Any]:
    return {
        name: {"code": value.code, "text": str(value), "values": _to_json(value.values)}
        if isinstance(value, Message)
        else value
        for name, value in values.items()
    }


def _from_json(values: Mapping[str, Any]) -> dict[str, Value]:
    return {
        name: Message.from_parts(value["code"], value["text"], _from_json(value["values"]))
        if isinstance(value, dict)
        else value
        for name, value in values.items()
    }
