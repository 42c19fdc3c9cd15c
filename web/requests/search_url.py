"""The search page's state, as its URL holds it.

`q` is the text in the box. The other terms are chips: `text`, `similar` (the id of an indexed
picture) and `picture` (the token of a query image), each any number of times; a picture may end in
a crop, as in similar=12@10,20,60,80. `weight` lists the chips' weights in that order. Every `where`
is a filter that pictures must pass. Dates, minus words and the like are read in `q`, except the
pieces in `plain`. `panel` names the facet that is open; any other value, such as 1, opens none, and
shows all pictures where nothing else is asked. `more` and `less` are the ids of marked
pictures. `sort` is the order of the hits, and `strictness` how sure they must be: "usual" unless it
is given, and "all" for every hit. So many hits as `unsure` follow that are not sure enough. With
`copies` the near-duplicates of a picture and the moments of a film are hits of their own, as with
"all"; otherwise they are folded under the best of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from search.errors import BadQuery
from search.query.filters.grammar import parse
from search.query.filters.tree import Filter, all_of
from search.query.limits import MAX_HITS
from search.query.records import TextTerm
from search.query.sorting import RELEVANCE
from web.requests.crop import Crop
from web.requests.query_form import Fields, count, identity, number, words

Side = Literal["more", "less"]
Kind = Literal["text", "similar", "picture"]
KINDS: tuple[Kind, ...] = ("text", "similar", "picture")

# About four screens; the next ones are fetched before the user reaches the end.
PAGE_HITS = 50

# Two rows below the rule, and what its link shows.
FEW_UNSURE, MANY_UNSURE = 18, 500

ALL_PICTURES = "1"
"""The value of `panel` that opens no facet."""

ALL = "all"
"""The strictness of an answer with every hit."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A term outside the box: words, or a picture by its id or token, perhaps with a crop."""

    kind: Kind
    value: str
    weight: float = 1.0
    crop: Crop | None = None

    @property
    def picture_id(self) -> int:
        """Return the id of a picture's chip; raise BadQuery for another value."""
        return identity("similar", self.value)

    @property
    def address_text(self) -> str:
        """Return the value of the chip's field."""
        return f"{self.value}@{self.crop}" if self.crop else self.value


@dataclass(frozen=True, slots=True)
class SearchUrl:
    """The state of the search page: text, chips, marks, collection, filters and first hit."""

    q: str = ""
    chips: tuple[Chip, ...] = ()
    collection: str = ""
    where: tuple[str, ...] = ()
    panel: str = ""
    start: int = 1
    more: tuple[int, ...] = ()
    less: tuple[int, ...] = ()
    sort: str = ""
    strictness: str = ""
    unsure: int = FEW_UNSURE
    copies: bool = False
    plain: tuple[str, ...] = ()

    @classmethod
    def of(cls, fields: Fields) -> "SearchUrl":
        """Parse an address or a form; unknown fields, such as trackers', are ignored.

        Raises:
            BadQuery: a field has an invalid value.
        """
        pairs = [(kind, value) for kind in KINDS for value in fields.getlist(kind) if value.strip()]
        weights = fields.getlist("weight")
        return cls(
            q=words(fields.get("q", "")),
            chips=tuple(
                _chip(kind, value, weights[place] if place < len(weights) else "1")
                for place, (kind, value) in enumerate(pairs)
            ),
            collection=fields.get("collection", ""),
            where=tuple(
                dict.fromkeys(words(each) for each in fields.getlist("where") if each.strip())
            ),
            panel=words(fields.get("panel", "")),
            start=_start(fields.get("start") or 1),
            more=_marks(fields, "more"),
            less=_marks(fields, "less"),
            sort=words(fields.get("sort", "")).removeprefix(RELEVANCE),
            strictness=words(fields.get("strictness", "")),
            unsure=_unsure(fields.get("unsure") or FEW_UNSURE),
            copies=bool(fields.get("copies")),
            plain=_plain(fields),
        )

    @property
    def terms(self) -> tuple[TextTerm | Chip, ...]:
        """Return the terms of the query, without chips of zero weight."""
        box = (TextTerm(self.q),) if self.q else ()
        return (*box, *(chip for chip in self.chips if chip.weight))

    @property
    def ranks(self) -> bool:
        """Return whether the query ranks pictures; otherwise the newest come first."""
        return bool(self.terms or self.more)

    @property
    def anything(self) -> bool:
        """Return whether the page shows pictures: a filter, an open facet or an order is enough."""
        return bool(self.ranks or self.where or self.collection or self.panel or self.sort)

    @property
    def folds(self) -> bool:
        """Return whether copies are folded: not in an answer with every hit."""
        return not self.copies and self.strictness != ALL

    @property
    def by_picture(self) -> bool:
        """Return whether the heading may say "similar": not where all chips are words."""
        return not self.chips or any(chip.kind != "text" for chip in self.chips)

    def but(self, **changes: Any) -> "SearchUrl":
        """Return a copy of the query with `changes`, from its first hit on."""
        return replace(self, **{"start": 1, **changes})

    def closed(self) -> "SearchUrl":
        """Return the query with no facet open; one that asks nothing shows all pictures."""
        closed = self.but(panel="")
        return closed if closed.anything else self.but(panel=ALL_PICTURES)

    def without(self, chip: Chip) -> "SearchUrl":
        """Return a copy of the query without one chip."""
        return self.but(chips=tuple(each for each in self.chips if each is not chip))

    def with_plain(self, text: str) -> "SearchUrl":
        """Return the query with one piece of its words taken as words, not read."""
        return self.but(plain=(*self.plain, text))

    def without_plain(self, text: str) -> "SearchUrl":
        """Return the query with one piece of its words read again."""
        return self.but(plain=tuple(each for each in self.plain if each != text))

    def without_filter(self, text: str) -> "SearchUrl":
        """Return a copy of the query without one filter."""
        return self.but(where=tuple(each for each in self.where if each != text))

    def plus(self, kind: Kind, value: object, weight: float = 1.0) -> "SearchUrl":
        """Return the query with one more chip, or with a new weight for an existing chip."""
        others = [
            each for each in self.chips if (each.kind, each.address_text) != (kind, str(value))
        ]
        chips = [*others, Chip(kind, str(value), weight)]
        return self.but(chips=tuple(sorted(chips, key=lambda each: KINDS.index(each.kind))))

    @property
    def filter(self) -> Filter | None:
        """Return the conjunction of all filters; None without any.

        Raises:
            BadQuery: a filter can't be read.
        """
        return all_of([parse(each) for each in self.where])

    def with_mark(self, picture_id: int, side: Side) -> "SearchUrl":
        """Return the query with a mark added, removed if present, or moved to the other side."""
        other: Side = "less" if side == "more" else "more"
        ids: tuple[int, ...] = getattr(self, side)
        rest = tuple(each for each in getattr(self, other) if each != picture_id)
        if picture_id in ids:
            ids = tuple(each for each in ids if each != picture_id)
        else:
            ids = (*ids, picture_id)
        return self.but(**{side: ids, other: rest})

    def with_words_as_chip(self) -> "SearchUrl":
        """Return the query with the box's words as a chip, and an empty box."""
        return self.plus("text", self.q).but(q="") if self.q else self

    def address(self, **changes: Any) -> dict[str, Any]:
        """Return the address fields of this query, without default values."""
        url = replace(self, **changes)
        return {
            "q": url.q or None,
            "plain": list(url.plain),
            **{
                kind: [chip.address_text for chip in url.chips if chip.kind == kind]
                for kind in KINDS
            },
            "weight": _weights(url.chips),
            "more": list(url.more),
            "less": list(url.less),
            "collection": url.collection or None,
            "where": list(url.where),
            "panel": url.panel or None,
            "sort": url.sort or None,
            "strictness": url.strictness or None,
            "unsure": str(url.unsure) if url.unsure != FEW_UNSURE else None,
            "copies": "1" if url.copies else None,
            "start": url.start if url.start != 1 else None,
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


def _plain(fields: Fields) -> tuple[str, ...]:
    """Return the pieces that stay words and still are in the words, each once."""
    texts = [fields.get("q", ""), *fields.getlist("text")]
    pieces = (words(each) for each in fields.getlist("plain") if each.strip())
    whole = " ".join(texts).casefold()
    return tuple(dict.fromkeys(each for each in pieces if each.casefold() in whole))


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


def _unsure(value: object) -> int:
    return min(count(value, "unsure"), MAX_HITS)


def _weights(chips: Sequence[Chip]) -> list[str]:
    """Return the weights up to the last one that is not 1."""
    texts = [f"{chip.weight:g}" for chip in chips]
    while texts and texts[-1] == "1":
        texts.pop()
    return texts
