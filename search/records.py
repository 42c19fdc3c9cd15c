"""Plain frozen records that pass between the parts, and the names of the array types."""

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
    longitude are degrees, north and east positive.
    """

    format: str
    width_px: int
    height_px: int
    taken_at: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    camera: str | None = None
    captions: tuple[Caption, ...] = ()
    """The captions read out of the file itself; in a `Picture`, those beside it too."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the catalog holds it."""

    id: int
    collection: str
    path: Path
    size_bytes: int
    mtime_ns: int
    content_hash: str
    facts: PictureFacts


@dataclass(frozen=True, slots=True)
class TextTerm:
    """Words to search by."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class PictureTerm:
    """A picture to search by: a file's path, or the file's bytes."""

    source: Path | bytes = field(repr=False)
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class IndexedTerm:
    """A picture to search by that a collection already holds; it is left out of the answer."""

    picture_id: int
    weight: float = 1.0


Term = TextTerm | PictureTerm | IndexedTerm


@dataclass(frozen=True, slots=True)
class Query:
    """One question, whatever the door it came by. No collections named means all of them.

    `offset` hits are passed over, so that page 3 of 20 is `offset=40`.
    """

    terms: tuple[Term, ...]
    collections: tuple[str, ...] = ()
    k: int = 20
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer: its place (from 1), its cosine with the query, and the picture."""

    rank: int
    score: float
    picture: Picture


@dataclass(frozen=True, slots=True)
class CollectionSummary:
    """A collection as lists show it; `size_bytes` adds up its files."""

    name: str
    space: Space
    pictures: int
    captions: int
    failures: int
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
class EmbeddedCaptions:
    """Captions with their embeddings, (n, width), in the same order."""

    captions: tuple[Caption, ...]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it stood when it was read, and the captions that stood beside it."""

    path: Path
    size_bytes: int
    mtime_ns: int
    content_hash: bytes
    captions_hash: bytes


@dataclass(frozen=True, slots=True)
class EmbeddedPicture:
    """A picture ready to be stored: its file, its facts, its embedding (width,), its captions."""

    file: FileState
    facts: PictureFacts
    vector: Vectors
    captions: EmbeddedCaptions


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be indexed: `reason` is one of `BadPicture.REASONS`."""

    path: Path
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many files a run found, and what became of them."""

    found: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
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
