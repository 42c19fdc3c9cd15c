"""The lines that are worth storing: without stray letters, and not too many of them."""

from collections.abc import Sequence
from dataclasses import replace

import regex

from search.records import TextLine

LETTERS = regex.compile(r"[\p{L}\p{N}]")

# What leaves and fences are taken for is short, and read with little confidence. A line of so many
# letters is stored from this confidence on.
LEAST_CONFIDENCE = {1: 0.95, 2: 0.9, 3: 0.8, 4: 0.7}
LEAST_OF_LONG = 0.6

# The letters of a picture with text; one letter alone is no text.
LEAST_LETTERS = 2

# A page of a newspaper has 300 lines and 15,000 letters. What is past these limits is left out, so
# that no picture makes a row, or a search, slow.
MAX_LINES = 1_000
MAX_CHARACTERS = 40_000
MAX_LINE_CHARACTERS = 1_000


def useful_lines(lines: Sequence[TextLine]) -> tuple[TextLine, ...]:
    """Return the lines with text, in their order, up to the limits; none where it is all stray."""
    useful = [replace(line, text=_short(line.text)) for line in lines if _is_text(line)]
    if sum(_letters(line.text) for line in useful) < LEAST_LETTERS:
        return ()
    return _within_limits(useful)


def _within_limits(lines: Sequence[TextLine]) -> tuple[TextLine, ...]:
    kept_lines, characters = [], 0
    for line in lines[:MAX_LINES]:
        characters += len(line.text) + 1
        if characters > MAX_CHARACTERS:
            break
        kept_lines.append(line)
    return tuple(kept_lines)


def _short(text: str) -> str:
    """Return a line up to its limit, by whole words where it has blanks."""
    text = text.strip()
    if len(text) <= MAX_LINE_CHARACTERS:
        return text
    head = text[:MAX_LINE_CHARACTERS]
    return head.rpartition(" ")[0] or head


def _is_text(line: TextLine) -> bool:
    count = _letters(line.text)
    return count > 0 and line.confidence >= LEAST_CONFIDENCE.get(count, LEAST_OF_LONG)


def _letters(text: str) -> int:
    return len(LETTERS.findall(text))
