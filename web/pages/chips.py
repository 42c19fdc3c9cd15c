"""Chips and marks as the search form shows them, with their pictures."""

from dataclasses import dataclass

from search.records import Picture
from web.requests.search_url import Chip, SearchUrl, Side
from web.state import engine, state


@dataclass(frozen=True, slots=True)
class ShownChip:
    """A chip with the picture that stands in it: an indexed one, or a small copy of one sent."""

    chip: Chip
    picture: Picture | None = None
    preview: str | None = None


@dataclass(frozen=True, slots=True)
class MarkView:
    """A picture that was marked, and as what."""

    side: Side
    picture: Picture


def shown(asked: SearchUrl) -> list[ShownChip]:
    """Return the chips as the form shows them; raises what a search of them raises."""
    return [_shown(chip) for chip in asked.chips]


def marks(asked: SearchUrl) -> list[MarkView]:
    """Return the marked pictures as the form shows them; those that are gone are left out."""
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
