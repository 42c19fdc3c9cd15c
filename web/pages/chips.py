"""From chips to terms of a query, and to what the page shows of them."""

from dataclasses import dataclass

from search.pictures import load_file
from search.query.records import IndexedTerm, PictureTerm, Query, Term, TextTerm
from search.query.syntax import worded
from search.records import Picture
from web.requests.search_url import Asked, Chip, Side
from web.services.confined import check_file
from web.services.query_images import HeldPicture
from web.state import engine, state


@dataclass(frozen=True, slots=True)
class ShownChip:
    """A chip with the picture that stands in it: an indexed one, or a small copy of one sent."""

    chip: Chip
    picture: Picture | None = None
    preview: str | None = None


@dataclass(frozen=True, slots=True)
class ShownMark:
    """A picture that was marked, and as what."""

    side: Side
    picture: Picture


def query_of(asked: Asked, k: int, offset: int) -> Query:
    """The query for `k` hits after the first `offset`.

    Raises:
        NotFound: a picture is no longer held or indexed.
        BadPicture: a picture that a part is wanted of can't be read.
        BadQuery: a filter can't be read.
    """
    terms = [
        term
        for each in asked.terms
        for term in (worded(each.text) if isinstance(each, TextTerm) else _terms(each))
    ]
    collections: tuple[str, ...] = (asked.collection,) if asked.collection else ()
    if not (asked.ranks or asked.where or collections):
        collections = tuple(each.name for each in engine().collections())
    where, more, less = asked.filter, asked.more, asked.less
    return Query(tuple(terms), collections, k, offset, where, more=more, less=less)


def shown(asked: Asked) -> list[ShownChip]:
    """The chips as the form shows them; raises what `query_of` raises."""
    return [_shown(chip) for chip in asked.chips]


def marks(asked: Asked) -> list[ShownMark]:
    """The marked pictures as the form shows them; those that are gone are left out."""
    pictures = engine().catalog.pictures.by_id([*asked.more, *asked.less])
    sides: list[tuple[Side, tuple[int, ...]]] = [("more", asked.more), ("less", asked.less)]
    return [
        ShownMark(side, pictures[each]) for side, ids in sides for each in ids if each in pictures
    ]


def _terms(chip: Chip) -> list[Term]:
    if chip.kind == "text":
        return worded(chip.value, chip.weight)
    if chip.kind == "similar" and chip.crop is None:
        return [IndexedTerm(chip.picture_id, chip.weight)]
    return [PictureTerm(_held(chip).data, chip.weight)]


def _shown(chip: Chip) -> ShownChip:
    if chip.kind == "text":
        return ShownChip(chip)
    picture = engine().picture(chip.picture_id) if chip.kind == "similar" else None
    if picture is not None and chip.crop is None:
        return ShownChip(chip, picture)
    return ShownChip(chip, picture, _held(chip).preview)


def _held(chip: Chip) -> HeldPicture:
    """The picture that was sent, or the part that is meant of it or of an indexed one."""
    held = state().held
    if chip.crop is None:
        return held.get(chip.value)
    if chip.kind == "picture":
        return held.part(chip.value, chip.crop, lambda: held.get(chip.value).data)
    picture = engine().picture(chip.picture_id)
    name = f"{picture.id}-{picture.content_hash}"
    return held.part(name, chip.crop, lambda: load_file(check_file(picture), engine().limits))
