"""Chips and marks of the search form, with their pictures."""

from dataclasses import dataclass

from search.records import Picture
from web.requests.search_url import Chip, SearchUrl, Side
from web.state import engine, state


@dataclass(frozen=True, slots=True)
class ChipView:
    """A chip and its picture: an indexed picture, or a small copy of a query image."""

    chip: Chip
    picture: Picture | None = None
    preview: str | None = None


@dataclass(frozen=True, slots=True)
class MarkView:
    """A marked picture and its side, "more" or "less"."""

    side: Side
    picture: Picture


def chip_views(url: SearchUrl) -> list[ChipView]:
    """Return the chips for the form; raises the errors of a search by these chips."""
    return [_view_of(chip) for chip in url.chips]


def marks(url: SearchUrl) -> list[MarkView]:
    """Return the marked pictures for the form, without removed ones."""
    pictures = engine().catalog.pictures.by_id([*url.more, *url.less])
    sides: list[tuple[Side, tuple[int, ...]]] = [("more", url.more), ("less", url.less)]
    return [
        MarkView(side, pictures[picture_id])
        for side, ids in sides
        for picture_id in ids
        if picture_id in pictures
    ]


def _view_of(chip: Chip) -> ChipView:
    if chip.kind == "text":
        return ChipView(chip)
    picture = engine().picture(chip.picture_id) if chip.kind == "similar" else None
    if picture is not None and chip.crop is None:
        return ChipView(chip, picture)
    return ChipView(chip, picture, state().queries.picture_of(chip).preview)
