"""Chips and marks of the search form, with their pictures."""

from dataclasses import dataclass

from search.records import Picture
from web.requests.search_url import Chip, SearchUrl, Side
from web.state import engine, state


@dataclass(frozen=True, slots=True)
class ShownChip:
    """A chip and its picture: an indexed picture, or a small copy of a query image."""

    chip: Chip
    picture: Picture | None = None
    preview: str | None = None


@dataclass(frozen=True, slots=True)
class MarkView:
    """A marked picture and its side, "more" or "less"."""

    side: Side
    picture: Picture


def shown(asked: SearchUrl) -> list[ShownChip]:
    """Return the chips for the form; raises the errors of a search by these chips."""
    return [_shown(chip) for chip in asked.chips]


def marks(asked: SearchUrl) -> list[MarkView]:
    """Return the marked pictures for the form, without removed ones."""
    pictures = engine().catalog.pictures.by_id([*asked.more, *asked.less])
    sides: list[tuple[Side, tuple[int, ...]]] = [("more", asked.more), ("less", asked.less)]
    return [
        MarkView(side, pictures[each]) for side, ids in sides for each in ids if each in pictures
    ]


def _shown(chip: Chip) -> ShownChip:
    if chip.kind == "text":
        return ShownChip(chip)
    picture = engine().picture(chip.picture_id) if chip.kind == "similar" else None
    if picture is not None and chip.crop is None:
        return ShownChip(chip, picture)
    return ShownChip(chip, picture, state().queries.picture_of(chip).preview)
