"""Queries and their answers."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from search.filters.tree import Filter
from search.query.limits import ALL_SIGNALS
from search.records import Caption, Picture


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
    """A picture to search by that a collection already holds; it is left out of the answer."""

    picture_id: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class ConceptTerm:
    """A concept to search by: the marks and terms saved by its name."""

    name: str
    weight: float = 1.0


Term = TextTerm | PictureTerm | IndexedTerm | ConceptTerm


SignalName = Literal["picture", "caption", "words", "marks"]
"""One kind of evidence for a hit: its own vector, its captions' vectors, its captions' words, or
its likeness to the pictures that were marked."""


@dataclass(frozen=True, slots=True)
class Query:
    """One question, whatever the door it came by. No collections named means all of them.

    A term with a negative weight leads away from what it names. `offset` hits are passed over, so
    that page 3 of 20 is `offset=40`. `where` keeps only pictures that pass it. `by` names the
    signals to rank by. Hits whose confidence is under `cutoff`, from 0 to 1, are left out.
    `fold` puts near-duplicates under the best of them; `diverse`, from 0 to 1, is how much a hit's
    likeness to those above it counts against it.

    `more` and `less` are ids of pictures that were marked "more like this" and "less like this":
    they bend the ranking at once, and what is marked "less" is left out. With `more`, there need
    be no terms.

    Without terms and `more`, what passes `where` in the collections that are named is shown, one
    of the two at least: the newest first, by when they were taken, else indexed.
    """

    terms: tuple[Term, ...]
    collections: tuple[str, ...] = ()
    k: int = 20
    offset: int = 0
    where: Filter | None = None
    by: tuple[SignalName, ...] = ALL_SIGNALS
    cutoff: float = 0.0
    fold: bool = False
    diverse: float = 0.0
    more: tuple[int, ...] = ()
    less: tuple[int, ...] = ()

    @property
    def ranks(self) -> bool:
        """Return whether the query has anything to rank by; else the newest pictures come first."""
        return bool(self.terms or self.more)

    @property
    def compares(self) -> bool:
        """Return whether vectors are compared, which takes pictures of one space."""
        return self.ranks or self.fold or self.diverse > 0


Measure = Literal["cosine", "relevance", "none"]
"""What a hit's score is: a cosine where pictures alone were asked, else a relevance, 0 to 1.

"none" where nothing was asked: the newest come first, and the score is 0."""


@dataclass(frozen=True, slots=True)
class Match:
    """One piece of evidence for a hit.

    `score` is a cosine for a picture or a caption, and for words the part of the query's words
    that the captions hold, rare ones counting more, from 0 to 1; for marks a cosine with where they
    lead. `share` is this evidence's part in the hit's score; the shares of a hit add up to 1.
    `caption` is the one that matched.
    """

    by: SignalName
    score: float
    share: float
    caption: Caption | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer: its place (from 1), its score, and the picture.

    `confidence`, from 0 to 1, is how sure it is that the picture shows what was asked; None where
    there is no telling. `copies` are ids of near-duplicates that are folded into this hit.
    """

    rank: int
    score: float
    picture: Picture
    measure: Measure = "cosine"
    confidence: float | None = None
    matches: tuple[Match, ...] = ()
    copies: tuple[int, ...] = ()

    @property
    def cosine(self) -> float | None:
        """The picture's cosine with the query, whatever the score is; None where none was asked."""
        if self.measure == "cosine":
            return self.score
        return next((match.score for match in self.matches if match.by == "picture"), None)


@dataclass(frozen=True, slots=True)
class Cut:
    """Words of a query that are too long for the encoder: how many of its characters it reads."""

    text: str
    characters: int
    read: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The hits of one page, and what is to be said of them.

    `confidence` is that of the best hit. `more` tells whether there is a next page. `notes` say
    why there is nothing, or less than was asked for. `cuts` are words that were not read whole.
    """

    hits: tuple[Hit, ...] = ()
    confidence: float | None = None
    more: bool = False
    notes: tuple[str, ...] = ()
    cuts: tuple[Cut, ...] = ()
