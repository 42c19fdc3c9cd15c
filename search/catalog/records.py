"""Records of the catalog: collections, files, changes, tokens and concepts; the key of a path."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from search.query.records import TextTerm
from search.records import Caption, Fields, Ids, PictureFacts, SecondSpace, Space, Vectors


@dataclass(frozen=True, slots=True)
class CollectionSummary:
    """A collection as lists show it; `size_bytes` adds up its files.

    `missing` counts the pictures whose files were not found; the other numbers leave them out.
    """

    name: str
    space: Space
    second: SecondSpace | None
    pictures: int
    captions: int
    failures: int
    missing: int
    size_bytes: int
    created_at: str
    updated_at: str | None


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file as of its last reading, to detect a change."""

    picture_id: int
    size_bytes: int
    mtime_ns: int
    content_hash: bytes
    captions_hash: bytes


def path_hash(path: Path) -> bytes:
    """Return the 16 bytes by which a path is found and is unique."""
    return hashlib.blake2b(os.fsencode(path), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class FileStamp:
    """A file's path, size and time, which show whether it has changed."""

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
    """A file as it was read, and its data from the source.

    `captions_hash` shows a change in the captions or the fields; `listed_in` is the table of
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

    Given facts are stored; `taken_at_else` only where the picture has no date.
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

    `detail` is a `Message`, except in rows of old versions. The file's size and time, where they
    are known, show whether to try again.
    """

    path: Path
    reason: str
    detail: str
    size_bytes: int | None = None
    mtime_ns: int | None = None


@dataclass(frozen=True, slots=True)
class RunCounts:
    """The number of files of a run by outcome.

    `removed` pictures are deleted; `missing` ones stay indexed until their files are back.
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
    """A part of the change log up to `position` of `epoch`: vectors to put and ids to drop."""

    position: int
    epoch: str
    ids: Ids
    vectors: Vectors
    removed: Ids


Scope = Literal["read", "write", "admin"]
"""The permission of a token: to read, to change collections too, or to manage the server too."""


@dataclass(frozen=True, slots=True)
class Token:
    """A client's access to a server, and its scope; the secret itself is not stored."""

    id: int
    name: str
    scope: Scope
    created_at: str

    def allows(self, scope: Scope) -> bool:
        """Return whether this scope, or one that includes it, was granted."""
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
    """A concept by its name: words with weights, marks, and the vectors made of them.

    `vectors` has one of unit length (width,) for each space that it was embedded in, by the space's
    id. Any of them can be made again from words and marks where the marked pictures are indexed.
    """

    name: str
    words: tuple[TextTerm, ...] = ()
    marks: tuple[ConceptMark, ...] = ()
    vectors: Mapping[str, Vectors] = field(default_factory=dict)
    created_at: str = ""
