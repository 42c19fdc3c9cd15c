"""Queries and their answers."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from search.errors import Message
from search.query.filters.tree import Filter
from search.query.limits import SIGNAL_NAMES, SignalName
from search.query.reading import Reading
from search.query.sorting import CUTOFFS, RELEVANCE, Counts, Strictness
from search.records import Caption, Picture, TextLine


@dataclass(frozen=True, slots=True)
class TextTerm:
    """Words to search by."""

    text: str
    weight: float = 1.0


Crop = tuple[int, int, int, int]
"""Left, top, right and bottom edges of a part of a picture, in percent of its width and height."""


@dataclass(frozen=True, slots=True)
class PictureTerm:
    """A picture to search by, or a part of one: a file's path, or the file's bytes."""

    source: Path | bytes = field(repr=False)
    weight: float = 1.0
    crop: Crop | None = None


@dataclass(frozen=True, slots=True)
class IndexedTerm:
    """A picture of a collection to search by; the answer leaves it out."""

    picture_id: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class ConceptTerm:
    """A concept to search by: the marks and terms saved by its name."""

    name: str
    weight: float = 1.0


Term = TextTerm | PictureTerm | IndexedTerm | ConceptTerm


@dataclass(frozen=True, slots=True)
class Query:
    """A query, from any interface. Without collections, all are searched.

    Words with a negative weight are excluded: what is likely to show them sinks. A picture or a
    concept with a negative weight leads away from its subject. `offset` hits are skipped, so that
    page 3 of 20 is `offset=40`. `where` keeps only pictures that pass it. `by` names the
    signals to rank by. Hits whose confidence is under `cutoff`, from 0 to 1, are left out.
    `fold` folds near-duplicates, and moments of one film, under the best of them; `diverse`, from 0
    to 1, is the weight of a hit's likeness to the hits above it, against it.

    `more` and `less` are ids of pictures that were marked "more like this" and "less like this":
    they move the query's vector at once, and pictures marked "less" are left out. With `more`,
    terms are optional.

    With `understand`, dates, minus words and other pieces of the texts are read, except pieces that
    are in `plain`; the answer names what was read.

    Without terms and `more`, the pictures that pass `where` in the named collections are shown (one
    of the two is required): the newest first, by when they were taken, else indexed.

    `sort` orders the set of the hits that are sure enough, or all that pass `where` without terms:
    "date", "name", "size", a fact or an extra column, with "-" before it for the opposite order.
    `strictness` names the set's cutoff; it is "usual" where `sort` is given and `cutoff` is not.
    After a set that is not sorted, `unsure` hits at most follow that are not sure enough for it.
    """

    terms: tuple[Term, ...]
    collections: tuple[str, ...] = ()
    k: int = 20
    offset: int = 0
    where: Filter | None = None
    by: tuple[SignalName, ...] = SIGNAL_NAMES
    cutoff: float = 0.0
    fold: bool = False
    diverse: float = 0.0
    more: tuple[int, ...] = ()
    less: tuple[int, ...] = ()
    sort: str = RELEVANCE
    strictness: Strictness | None = None
    unsure: int = 0
    understand: bool = False
    plain: tuple[str, ...] = ()

    @property
    def is_sorted(self) -> bool:
        """Return whether the hits come in another order than that of relevance."""
        return self.sort != RELEVANCE

    @property
    def set_cutoff(self) -> float | None:
        """Return the cutoff of the set that is sorted or counted; None without a set."""
        if self.strictness is not None:
            return CUTOFFS[self.strictness]
        return (self.cutoff or CUTOFFS["usual"]) if self.is_sorted else None

    @property
    def ranks(self) -> bool:
        """Return whether the query has anything to rank by; else the newest pictures come first."""
        return bool(self.terms or self.more)

    @property
    def compares(self) -> bool:
        """Return whether vectors are compared, which takes pictures of one space."""
        return self.ranks or self.fold or self.diverse > 0


Measure = Literal["cosine", "relevance", "none"]
"""The meaning of a hit's score: a cosine for a query of pictures alone, else a relevance, 0 to 1.

"none" for a query without terms: the newest come first, and the score is 0."""


@dataclass(frozen=True, slots=True)
class Match:
    """The evidence of the signal `by` for a hit.

    `score` is a cosine for a picture or a caption; for words and text the part of the query's words
    that the captions or the text contain, rare ones counting more, from 0 to 1; for a name the same
    of the picture's names; for marks a cosine with their direction; for "excluded" the probability
    that the hit shows excluded words. `share` is the signal's part in the hit's score; the shares
    of a hit add up to 1. `caption` is the one that matched, `line` the line of text in the picture.
    """

    by: str
    score: float
    share: float
    caption: Caption | None = None
    line: TextLine | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A picture of the answer, with its rank (from 1) and its score.

    `confidence`, from 0 to 1, is the probability that the picture shows the query; None where it
    is unknown. `copies` are ids of near-duplicates and of other
    moments of its film that are folded into this hit. `group` is the
    heading of a sorted hit, such as "2021-06"; "" for a picture without the value, None without
    headings. `is_sure` is False for the hits that follow a set.
    """

    rank: int
    score: float
    picture: Picture
    measure: Measure = "cosine"
    confidence: float | None = None
    matches: tuple[Match, ...] = ()
    copies: tuple[int, ...] = ()
    group: str | None = None
    is_sure: bool = True

    @property
    def cosine(self) -> float | None:
        """Return the picture's cosine with the query, for any kind of score; None without one."""
        if self.measure == "cosine":
            return self.score
        return next((match.score for match in self.matches if match.by == "picture"), None)


@dataclass(frozen=True, slots=True)
class CutText:
    """The words of a query that are too long for the encoder, and the number of characters read."""

    text: str
    characters: int
    read: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of hits, with notes.

    `confidence` is that of the best hit. `more` is True if a next page exists. `notes` give the
    reasons for an empty or short page. `cuts` are words that were not read whole. `counts` are the
    numbers of hits by strictness, where they are known. `readings` are the pieces of the query's
    texts that were understood.
    """

    hits: tuple[Hit, ...] = ()
    confidence: float | None = None
    more: bool = False
    notes: tuple[Message, ...] = ()
    cuts: tuple[CutText, ...] = ()
    counts: Counts | None = None
    readings: tuple[Reading, ...] = ()
