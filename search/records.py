"""Plain frozen records that pass between the parts, and the names of the array types."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""(n, width), C-contiguous, rows of unit length."""

Ids = NDArray[np.int64]
"""Ids of pictures, `picture.id` in SQL; -1 pads a short answer."""

Scores = NDArray[np.float32]
"""Cosines, from -1 to 1; -inf stands beside an id of -1."""

Pixels = NDArray[np.uint8]
"""(height, width, 3) RGB, or (n, height, width, 3)."""


Fields = Mapping[str, str | float]
"""Further columns of a picture's source, by name: what may be filtered on beside the facts."""

Device = Literal["auto", "cpu", "cuda"]
"""Where encoders and stores compute; "auto" takes a GPU where there is one."""


@dataclass(frozen=True, slots=True)
class Space:
    """The identity of an encoder pair: vectors of two spaces never meet.

    `id` fingerprints architecture, weights, preprocessing and tokenizer; `encoder` is the
    specification that opens the pair again; `width` is the vectors' number of dimensions.
    """

    id: str
    encoder: str
    width: int


@dataclass(frozen=True, slots=True)
class Caption:
    """One caption of a picture.

    `origin` is "source" for a caption that came beside the picture (a captions file, a text file)
    and "file" for one that was read out of the picture's own metadata.
    """

    text: str
    language: str | None = None
    kind: str = "caption"
    origin: str = "source"


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What a picture's file says of itself, seen upright.

    `taken_at` is ISO 8601 local time, with an offset where the camera wrote one; latitude and
    longitude are degrees, north and east positive. `colours` are up to five, "#rrggbb", the most
    of it first. `perceptual_hash` is 64 bits, signed, that near copies share but for a few.
    """

    format: str
    width_px: int
    height_px: int
    taken_at: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    camera: str | None = None
    colours: tuple[str, ...] = ()
    perceptual_hash: int | None = None
    rating: float | None = None
    """Stars from 0 to 5, -1 for rejected, read out of the file; in a `Picture` it is a field."""
    captions: tuple[Caption, ...] = ()
    """The captions read out of the file itself; in a `Picture`, those beside it too."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the catalog holds it.

    `path` names a file, or a place in one: a member of an archive, a row of a table, a moment of
    a film, as if the file were a folder.
    """

    id: int
    collection: str
    path: Path
    size_bytes: int
    mtime_ns: int
    content_hash: str
    facts: PictureFacts
    fields: Fields = field(default_factory=dict)


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
    """A concept to search by: the marks and terms that were kept under its name."""

    name: str
    weight: float = 1.0


Term = TextTerm | PictureTerm | IndexedTerm | ConceptTerm


Evidence = Literal["picture", "caption", "words"]
"""What can speak for a picture: its own vector, its captions' vectors, or its captions' words."""

EVERY_EVIDENCE: tuple[Evidence, ...] = ("picture", "caption", "words")

Heard = Evidence | Literal["marks"]
"""What has spoken for a hit: evidence, or its likeness to the pictures that were marked."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a filter, as it was written: `camera ~ canon`, `date >= 2020-05`."""

    field: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """Pictures that pass every one of the filters."""

    filters: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Pictures that pass at least one of the filters."""

    filters: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """Pictures that do not pass the filter, those of which the field is unknown among them."""

    filter: "Filter"


Filter = Condition | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Query:
    """One question, whatever the door it came by. No collections named means all of them.

    A term with a negative weight leads away from what it names. `offset` hits are passed over, so
    that page 3 of 20 is `offset=40`. `where` keeps only pictures that pass it. `by` names the
    evidence that may speak. Hits whose confidence is under `cutoff`, from 0 to 1, are left out.
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
    by: tuple[Evidence, ...] = EVERY_EVIDENCE
    cutoff: float = 0.0
    fold: bool = False
    diverse: float = 0.0
    more: tuple[int, ...] = ()
    less: tuple[int, ...] = ()

    @property
    def ranks(self) -> bool:
        """Whether there is something to rank by; else the newest come first."""
        return bool(self.terms or self.more)

    @property
    def compares(self) -> bool:
        """Whether vectors are compared, which takes pictures of one space."""
        return self.ranks or self.fold or self.diverse > 0


QueryKind = Literal["text", "picture"]
"""What a query's vector was made from; texts lie farther from pictures than pictures do."""

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

    by: Heard
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


@dataclass(frozen=True, slots=True)
class CollectionSummary:
    """A collection as lists show it; `size_bytes` adds up its files.

    `missing` counts the pictures whose files were not found; the other numbers leave them out.
    """

    name: str
    space: Space
    pictures: int
    captions: int
    failures: int
    missing: int
    size_bytes: int
    created_at: str
    updated_at: str | None


@dataclass(frozen=True, slots=True)
class Collection:
    """A named set of pictures, embedded in one space."""

    id: int
    name: str
    space: Space


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What the catalog remembers of a file, to tell whether it has changed."""

    picture_id: int
    size_bytes: int
    mtime_ns: int
    content_hash: bytes
    captions_hash: bytes


@dataclass(frozen=True, slots=True)
class FileMark:
    """A file's path, size and time: enough to tell whether it has changed since."""

    path: Path
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class EmbeddedCaptions:
    """Captions with their embeddings, (n, width), in the same order."""

    captions: tuple[Caption, ...]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it stood when it was read, and what stood beside it.

    `captions_hash` tells a change in the captions or the fields; `listed_in` is the table of
    pictures that named the file, where one did.
    """

    path: Path
    size_bytes: int
    mtime_ns: int
    content_hash: bytes
    captions_hash: bytes
    fields: Fields = field(default_factory=dict)
    listed_in: Path | None = None


@dataclass(frozen=True, slots=True)
class EmbeddedPicture:
    """A picture ready to be stored: its file, its facts, its embedding (width,), its captions."""

    file: FileState
    facts: PictureFacts
    vector: Vectors
    captions: EmbeddedCaptions


@dataclass(frozen=True, slots=True)
class BesidePicture:
    """New captions, fields and facts of a stored picture from its source.

    Of the facts, those that are given are stored; `taken_at_else` where the picture has no date.
    """

    picture_id: int
    captions_hash: bytes
    captions: EmbeddedCaptions
    fields: Fields = field(default_factory=dict)
    taken_at: str | None = None
    place: tuple[float, float] | None = None
    taken_at_else: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be indexed: `reason` is one of `BadPicture.REASONS`.

    Its size and time, where they are known, tell whether trying again is worth it.
    """

    path: Path
    reason: str
    detail: str
    size_bytes: int | None = None
    mtime_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many files a run found, and what became of them.

    `removed` pictures are forgotten; `missing` ones are kept until their files are back.
    """

    found: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    unchanged: int = 0
    removed: int = 0
    missing: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """A stretch of the change log up to `position`: what to put and what to drop."""

    position: int
    ids: Ids
    vectors: Vectors
    removed: Ids


Scope = Literal["read", "write", "admin"]
"""What a token allows: to look, to change collections too, or to look after the server too."""


@dataclass(frozen=True, slots=True)
class Token:
    """Who may ask a server that others can reach, and for what; the secret itself is not kept."""

    id: int
    name: str
    scope: Scope
    created_at: str

    def allows(self, scope: Scope) -> bool:
        """Whether this scope, or one that includes it, was granted."""
        order: tuple[Scope, ...] = get_args(Scope)
        return order.index(self.scope) >= order.index(scope)


@dataclass(frozen=True, slots=True)
class ConceptMark:
    """A marked picture of a concept: its content's hash in hex, and its file's name then."""

    content_hash: str
    more: bool
    file: str = ""


@dataclass(frozen=True, slots=True)
class Concept:
    """What was kept under a name: words with weights, marks, and the vectors made of them.

    `vectors` holds one of unit length (width,) for each space that it was made in, by the space's
    id. Any of them can be made again from words and marks where the marked pictures are indexed.
    """

    name: str
    words: tuple[TextTerm, ...] = ()
    marks: tuple[ConceptMark, ...] = ()
    vectors: Mapping[str, Vectors] = field(default_factory=dict)
    created_at: str = ""
