"""The documents of a search's answer."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from search.documents.members import (
    about,
)
from search.documents.picture import Caption, Picture, picture_of


class TextLine(Struct, frozen=True):
    """A line of text in a picture."""

    text: str
    confidence: Annotated[float, about("of the recogniser, 0 to 1")]
    box: Annotated[
        tuple[float, ...],
        Meta(min_length=4, max_length=4),
        about("left, top, right, bottom, as shares of the upright picture"),
    ]


class Match(Struct, frozen=True):
    """One signal that found a hit."""

    by: Annotated[str, about("picture, caption, words, name, text, marks or excluded")]
    score: float
    share: Annotated[float, about("its part in the hit's score")]
    caption: Caption | None
    line: Annotated[TextLine | None, about("the line that matched, of the text in it")]


class Hit(Picture, frozen=True):
    """A picture of an answer: its rank from 1, its score by `measure`, and its facts."""

    rank: Annotated[int, about("its place in the answer, from 1")]
    score: Annotated[float, about("how well it matches, in the measure that `measure` names")]
    measure: Annotated[str, about("cosine, relevance, or none where the newest come first")]
    cosine: Annotated[float | None, about("how alike the picture and the search are, from -1 to 1")]
    confidence: Annotated[float | None, about("how sure Limn is that it is right, from 0 to 1")]
    matches: tuple[Match, ...]
    copies: Annotated[tuple[int, ...], about("numbers of near-duplicates that are folded into it")]
    group: Annotated[str | None, about("its heading in a sorted answer, such as 2021-06")]

    @property
    def picture(self) -> Picture:
        """Return the picture alone."""
        return picture_of(self)


class AskedTerm(Struct, frozen=True, kw_only=True):
    """A term of a query, as its answer repeats it."""

    text: str | UnsetType = UNSET
    picture_id: int | UnsetType = UNSET
    concept: Annotated[str | UnsetType, about("its name")] = UNSET
    image: Annotated[str | UnsetType, about('"sent", for a picture that came with the request')] = (
        UNSET
    )
    weight: float


class AskedQuery(Struct, frozen=True, kw_only=True):
    """A query, as its answer repeats it."""

    terms: tuple[AskedTerm, ...]
    collections: tuple[str, ...]
    k: int
    offset: int
    where: str | None
    by: tuple[str, ...]
    cutoff: float
    fold: bool
    diverse: float
    more: tuple[int, ...]
    less: tuple[int, ...]
    sort: str
    strictness: str | None


class Counts(Struct, frozen=True):
    """The number of hits that each strictness would leave."""

    strict: int
    usual: int
    wide: int


class Reading(Struct, frozen=True, kw_only=True):
    """A piece of the question's words that was read, or is offered to be."""

    kind: Annotated[str, about("such as date, minus, exact, field, place, camera, colour")]
    text: Annotated[str, about("the piece; send it in `plain` to search it as words")]
    start: int
    end: int
    means: Annotated[str, about("in words")]
    where: Annotated[str | None, about("its filter")]
    minus: Annotated[tuple[str, ...], about("words that hits must not show")]
    applied: Annotated[bool, about("false for an offer, whose words stay words")]


class Cut(Struct, frozen=True):
    """Words of a query that are too long for the encoder."""

    text: str
    characters: Annotated[int, about("that it has")]
    read: Annotated[int, about("that the encoder reads")]


class Answer(Struct, frozen=True, kw_only=True):
    """A page of hits; `next` is the cursor of the page after it."""

    query: AskedQuery
    hits: tuple[Hit, ...]
    confidence: Annotated[float | None, about("how sure Limn is of the best hit, from 0 to 1")]
    more: bool
    notes: Annotated[tuple[str, ...], about("why hits are missing")]
    cuts: Annotated[tuple[Cut, ...], about("words not read to their end")]
    counts: Annotated[Counts | None, about("always there with sort or strictness, and words")]
    understood: Annotated[
        tuple[Reading, ...], about("what was read, where `understand` asked for that")
    ] = ()
    next: Annotated[str | None, about("send it as `cursor` for the next hits")]
    took_ms: float


class TextTerm(Struct, frozen=True):
    """Words with a weight of their own; a negative one excludes them."""

    text: str
    weight: float = 1.0
