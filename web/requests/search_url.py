"""What the search page was asked: all of it stands in the page's address.

`q` is what stands in the box. The other terms are chips: `text`, `similar` (an indexed picture's
id) and `picture` (the token of one that was sent), each any number of times; a picture may end in
the part that is meant, as in similar=12@10,20,60,80. `weight` gives the chips' weights, in that
order. Every `where` is a filter that pictures must pass; with `panel` the filters stand open.
`more` and `less` are ids of pictures that were marked so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from search.errors import BadQuery
from search.filters.grammar import parse
from search.filters.tree import AllOf, Filter
from search.query.limits import MAX_HITS
from search.query.records import TextTerm
from web.requests.crop import Crop
from web.requests.query_form import Fields, count, identity, number, words

Side = Literal["more", "less"]
Kind = Literal["text", "similar", "picture"]
KINDS: tuple[Kind, ...] = ("text", "similar", "picture")

# About four screens; the next ones are fetched before they are reached.
PAGE_HITS = 50


@dataclass(frozen=True, slots=True)
class Chip:
    """A term beside the box: words, or a picture by its id or token, perhaps only a part of it."""

    kind: Kind
    value: str
    weight: float = 1.0
    crop: Crop | None = None

    @property
    def picture_id(self) -> int:
        return identity("similar", self.value)

    @property
    def address_text(self) -> str:
        """The value of its field."""
        return f"{self.value}@{self.crop}" if self.crop else self.value


@dataclass(frozen=True, slots=True)
class SearchUrl:
    """The words in the box, the chips, the marks, the collection, the filters, where hits begin."""

    q: str = ""
    chips: tuple[Chip, ...] = ()
    collection: str = ""
    where: tuple[str, ...] = ()
    panel: bool = False
    start: int = 1
    more: tuple[int, ...] = ()
    less: tuple[int, ...] = ()

    @classmethod
    def of(cls, fields: Fields) -> "SearchUrl":
        """Read an address or a form; fields of others, such as trackers', are passed over.

        Raises:
            BadQuery: a field has a value that is not allowed.
        """
        written = [
            (kind, value) for kind in KINDS for value in fields.getlist(kind) if value.strip()
        ]
        weights = fields.getlist("weight")
        return cls(
            q=words(fields.get("q", "")),
            chips=tuple(
                _chip(kind, value, weights[place] if place < len(weights) else "1")
                for place, (kind, value) in enumerate(written)
            ),
            collection=fields.get("collection", ""),
            where=tuple(
                dict.fromkeys(words(each) for each in fields.getlist("where") if each.strip())
            ),
            panel=bool(fields.get("panel")),
            start=_start(fields.get("start") or 1),
            more=_marks(fields, "more"),
            less=_marks(fields, "less"),
        )

    @property
    def terms(self) -> tuple[TextTerm | Chip, ...]:
        """What is searched by; a chip whose weight is zero waits."""
        box = (TextTerm(self.q),) if self.q else ()
        return (*box, *(chip for chip in self.chips if chip.weight))

    @property
    def ranks(self) -> bool:
        """Whether there is something to rank by; else the newest come first."""
        return bool(self.terms or self.more)

    @property
    def anything(self) -> bool:
        """Whether there are pictures to show: a filter, its panel or a collection is enough."""
        return bool(self.ranks or self.where or self.collection or self.panel)

    @property
    def by_picture(self) -> bool:
        return not self.chips or any(chip.kind != "text" for chip in self.chips)

    def but(self, **changes: Any) -> "SearchUrl":
        """Return the same question with `changes`, from its first hit on."""
        return replace(self, **{"start": 1, **changes})

    def without(self, chip: Chip) -> "SearchUrl":
        """Return the same question without one chip."""
        return self.but(chips=tuple(each for each in self.chips if each is not chip))

    def without_filter(self, text: str) -> "SearchUrl":
        """Return the same question without one of its filters."""
        return self.but(where=tuple(each for each in self.where if each != text))

    def plus(self, kind: Kind, value: object, weight: float = 1.0) -> "SearchUrl":
        """Return the question with one more chip, or with another weight for a chip that it has."""
        kept = [each for each in self.chips if (each.kind, each.address_text) != (kind, str(value))]
        chips = [*kept, Chip(kind, str(value), weight)]
        return self.but(chips=tuple(sorted(chips, key=lambda each: KINDS.index(each.kind))))

    @property
    def filter(self) -> Filter | None:
        """What pictures must pass: every one of the filters.

        Raises:
            BadQuery: one can't be read.
        """
        parts = tuple(parse(each) for each in self.where)
        return None if not parts else parts[0] if len(parts) == 1 else AllOf(parts)

    def marked(self, picture_id: int, side: Side) -> "SearchUrl":
        """Return the question with a mark more, less if it was there, or on the other side."""
        other: Side = "less" if side == "more" else "more"
        held: tuple[int, ...] = getattr(self, side)
        rest = tuple(each for each in getattr(self, other) if each != picture_id)
        if picture_id in held:
            held = tuple(each for each in held if each != picture_id)
        else:
            held = (*held, picture_id)
        return self.but(**{side: held, other: rest})

    def with_words_kept(self) -> "SearchUrl":
        """Return the words in the box as a chip, and the box empty for more."""
        return self.plus("text", self.q).but(q="") if self.q else self

    def address(self, **changes: Any) -> dict[str, Any]:
        """Return the fields of the address that asks this; what is usual is left out."""
        asked = replace(self, **changes)
        return {
            "q": asked.q or None,
            **{
                kind: [chip.address_text for chip in asked.chips if chip.kind == kind]
                for kind in KINDS
            },
            "weight": _weights(asked.chips),
            "more": list(asked.more),
            "less": list(asked.less),
            "collection": asked.collection or None,
            "where": list(asked.where),
            "panel": "1" if asked.panel else None,
            "start": asked.start if asked.start != 1 else None,
        }


def _chip(kind: Kind, value: str, weight: str) -> Chip:
    heavy = 0.0 if weight.strip() in ("0", "-0", "0.0") else number("weight", weight or "1")
    if kind == "text":
        return Chip(kind, words(value), heavy)
    name, _, part = value.partition("@")
    if kind == "similar":
        name = str(identity("similar", name))
    return Chip(kind, name, heavy, Crop.of(part) if part else None)


def _marks(fields: Fields, side: Side) -> tuple[int, ...]:
    ids = (identity(side, each) for each in fields.getlist(side) if each.strip())
    return tuple(dict.fromkeys(ids))


def _start(value: object) -> int:
    start = count(value, "start")
    if not 1 <= start <= MAX_HITS:
        raise BadQuery(
            "start-out-of-range",
            "start is {start}; pages begin at 1 to {most}",
            start=start,
            most=MAX_HITS,
        )
    return start


def _weights(chips: Sequence[Chip]) -> list[str]:
    """Return the weights up to the last that is not 1."""
    written = [f"{chip.weight:g}" for chip in chips]
    while written and written[-1] == "1":
        written.pop()
    return written
