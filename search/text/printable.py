"""Texts made safe for terminals, logs and readers of JSON."""

import json
import unicodedata
from typing import Any

from search.text.characters import whole

# Marks and overrides of the direction of a text: a name with one seems to end otherwise.
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# JSON itself escapes the characters below the blank.
JSON_ESCAPES = {
    code: f"\\u{code:04x}"
    for code in (*range(0x7F, 0xA0), 0x2028, 0x2029, *map(ord, sorted(TURNING)))
}


def printable(text: str) -> str:
    """Return the text for any terminal or JSON reader, with U+FFFD for bytes that are not UTF-8."""
    return whole(text)


def one_line(text: str) -> str:
    r"""Return the text with line breaks and terminal controls escaped, as in a\nb."""
    return "".join(
        character.encode("unicode_escape").decode() if _breaks(character) else character
        for character in text
    )


def json_text(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON, with every character escaped that `one_line` escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text.translate(JSON_ESCAPES)


def _breaks(character: str) -> bool:
    """Return whether a character is a control, a line break, half a pair, or a direction mark."""
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in TURNING
