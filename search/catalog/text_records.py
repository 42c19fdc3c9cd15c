"""Records of the text in pictures, and its lines as JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from search.records import TextLine
from search.text.characters import storable

ReadingState = Literal["read", "skipped", "failed"]
"""The result of a picture: read, with text or without; skipped as one without text; failed."""


@dataclass(frozen=True, slots=True)
class PictureToRead:
    """A stored picture whose text was not read: where its file is, and what was in it."""

    id: int
    path: Path
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class TextRecord:
    """The result of reading a picture; `detail` is the reason of a failure."""

    picture: PictureToRead
    state: ReadingState
    lines: tuple[TextLine, ...] = ()
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class ReadingCounts:
    """The numbers of pictures of a collection that were read, by their results."""

    with_text: int
    read_count: int
    skipped_count: int
    failed_count: int
    lacking_count: int


def parse_lines(text: str | None) -> tuple[TextLine, ...]:
    """Return the lines that `picture_text` has as JSON; none for None."""
    return tuple(
        TextLine(line, percent / 100, (left / 1000, top / 1000, right / 1000, bottom / 1000))
        for line, percent, left, top, right, bottom in json.loads(text or "[]")
    )


def format_lines(lines: Sequence[TextLine]) -> str:
    """Return lines as the JSON that `picture_text` has."""
    rows = [
        [
            storable(line.text),
            round(line.confidence * 100),
            *(round(min(1.0, max(0.0, edge)) * 1000) for edge in line.box),
        ]
        for line in lines
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
