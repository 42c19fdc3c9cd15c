"""Texts as terminals, logs and readers of JSON take them."""

import json
import unicodedata
from typing import Any

from search.text.characters import whole

# Marks and overrides of the direction of a text: a name with one seems to end otherwise.
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# JSON itself escapes what stands below the blank.
JSON_ESCAPES = {
    code: f"\\u{code:04x}"
    for code in (*range(0x7F, 0xA0), 0x2028, 0x2029, *map(ord, sorted(TURNING)))
}


def printable(text: str) -> str:
    """Return the text as any terminal or JSON reader takes it, with U+FFFD for what is no UTF-8."""
    return whole(text)


def one_line(text: str) -> str:
    """Return the text with what breaks a line or steers a terminal written out, as in a\\nb."""
    return "".join(
        each.encode("unicode_escape").decode() if _breaks(each) else each for each in text
    )


def json_text(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON, with every character escaped that `one_line` writes out."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text.translate(JSON_ESCAPES)


def _breaks(character: str) -> bool:
    """Tell whether a character is a control, a line break, half a pair, or turns the text round."""
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in TURNING
