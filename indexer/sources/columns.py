"""Columns of a table: the picture, its captions, and fields for all others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from indexer.sources import SidecarData
from search.errors import BadSource
from search.query.filters.fields import NUMBER
from search.records import Caption

# The column names that publishers use, the most specific first.
PICTURE_NAMES = (
    "image", "picture", "photo", "img", "image_path", "file_name", "filename", "filepath", "file",
    "path", "jpg", "jpeg", "png", "webp", "image_bytes", "bytes",
)  # fmt: skip
CAPTION_NAMES = (
    "caption", "captions", "text", "texts", "txt", "sentence", "sentences", "description", "title",
    "alt_text",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one table by their roles."""

    picture: str
    captions: tuple[str, ...]
    language: str | None
    kind: str | None
    others: tuple[str, ...]

    @property
    def beside(self) -> list[str]:
        """All columns but the picture's."""
        columns = (*self.captions, self.language, self.kind, *self.others)
        return [name for name in columns if name is not None]

    def read_row(self, cells: Mapping[str, Any]) -> SidecarData:
        """Return the captions and fields of a row."""
        language = _text(cells.get(self.language or "")) or None
        kind = _text(cells.get(self.kind or "")) or "caption"
        captions = (
            Caption(text, language, kind)
            for name in self.captions
            for text in _texts(cells.get(name))
        )
        fields = {name: cells.get(name) for name in self.others}
        return SidecarData(tuple(captions), fields_of(fields))


@dataclass(frozen=True, slots=True)
class ColumnOptions:
    """The columns that the user named; other roles are guessed from the columns' names."""

    picture: str | None = None
    captions: tuple[str, ...] = ()

    def choose(self, names: Sequence[str], where: str) -> Columns:
        """Assign roles to a table's columns; `where` names the table in messages.

        Raises:
            BadSource: a named column is missing, or no column looks like the picture's; the message
                lists the columns.
        """
        name_list = ", ".join(map(repr, names)) or "none"
        missing = [each for each in (self.picture, *self.captions) if each and each not in names]
        if missing:
            raise BadSource(
                "table-column-missing",
                "{where} has no column {column!r}; its columns are: {columns}",
                where=where,
                column=missing[0],
                columns=name_list,
            )
        by_lower = {name.strip().casefold(): name for name in reversed(names)}
        picture = self.picture or _first(PICTURE_NAMES, by_lower)
        if picture is None:
            raise BadSource(
                "table-picture-column-unknown",
                "{where} has no column that looks like the picture's ({names})"
                "; name it with --image-column. Its columns are: {columns}",
                where=where,
                names=", ".join(PICTURE_NAMES),
                columns=name_list,
            )
        guess = _first([each for each in CAPTION_NAMES if by_lower.get(each) != picture], by_lower)
        captions = self.captions or ((guess,) if guess else ())
        language, kind = by_lower.get("language"), by_lower.get("kind")
        roles = {picture, *captions, language, kind}
        others = tuple(name for name in names if name not in roles)
        return Columns(picture, captions, language, kind, others)


# Databases hold numbers up to 1.8e308; a little less leaves room for what is added to them.
LARGEST = 1e300

GUESSED = ColumnOptions()


def fields_of(values: Mapping[str, Any]) -> dict[str, str | float]:
    """Return a row's values that can be fields: texts, numbers, dates, lists of these.

    Nested documents and bytes are left out. `SidecarData` cuts values that are too long.
    """
    fields: dict[str, str | float] = {}
    for name, value in values.items():
        field = _field(value)
        if field is not None:
            fields[_text(name)] = field
    return fields


def _field(value: Any) -> str | float | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return float(value) if _is_small(value) else None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(_text, value))) or None
    text = _text(value)
    return float(text) if NUMBER.fullmatch(text) else text or None


def _texts(value: Any) -> Iterator[str]:
    """Yield a caption column's texts: one, or several in a list."""
    for each in value if isinstance(value, list | tuple) else (value,):
        if isinstance(each, dict):  # {"raw": ..., "tokens": ...}, as Flickr and COCO are published
            each = each.get("raw") or each.get("caption") or each.get("text")
        if text := _text(each):
            yield text


def _text(value: Any) -> str:
    """Return a value as text; "" for what is no text."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return value.strip() if isinstance(value, str) else str(value) if _is_small(value) else ""


def _is_small(number: float) -> bool:
    """Return whether databases can store a number; JSON can write larger ones."""
    return -LARGEST < number < LARGEST  # never so of NaN


def _first(names: Sequence[str], by_lower: Mapping[str, str]) -> str | None:
    return next((by_lower[name] for name in names if name in by_lower), None)
