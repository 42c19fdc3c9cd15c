"""Frozen records that pass between the parts, and the names of the array types."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""(n, width), C-contiguous, rows of unit length."""

Ids = NDArray[np.int64]
"""Ids of pictures, `picture.id` in SQL; -1 pads a short answer."""

Scores = NDArray[np.float32]
"""Cosines, from -1 to 1; -inf where the id is -1."""

Pixels = NDArray[np.uint8]
"""(height, width, 3) RGB, or (n, height, width, 3)."""


Fields = Mapping[str, str | float]
"""Extra columns of a picture's source, by name; filters accept them like facts."""

FILM_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".3gp")
"""The ends of the names of films; a frame's path has the film's as its folder."""

Device = Literal["auto", "cpu", "cuda"]
"""Where encoders and stores compute; "auto" takes a GPU where there is one."""


@dataclass(frozen=True, slots=True)
class Space:
    """The identity of an encoder; vectors of two spaces are never compared.

    `id` fingerprints architecture, weights, preprocessing and tokenizer; `encoder` is the
    specification that opens the pair again; `width` is the vectors' number of dimensions.
    """

    id: str
    encoder: str
    width: int


SecondSpaceState = Literal["filling", "ready", "former", "freed"]
"""The state of a second space: "filling" until each picture was embedded in it, then "ready".

After the switch it is the "former" one, to go back to; "freed" while its embeddings are deleted.
"""


@dataclass(frozen=True, slots=True)
class SecondSpace:
    """The space besides a collection's own in which its pictures are embedded."""

    space: Space
    state: SecondSpaceState


@dataclass(frozen=True, slots=True)
class Collection:
    """A named set of pictures that are searched in one space, and may be embedded in a second."""

    id: int
    name: str
    space: Space
    second: SecondSpace | None = None

    def in_second_space(self) -> "Collection":
        """Return the collection as it is in its second space; raise ValueError without one."""
        if self.second is None:
            raise ValueError(f"collection {self.name!r} has no second space")
        return replace(self, space=self.second.space)


@dataclass(frozen=True, slots=True)
class Caption:
    """One caption of a picture.

    `origin` is "source" for a caption from the source (a captions file, a text file), "file" for
    one that was read out of the picture's own metadata, and "written" for one that somebody wrote
    in Limn.
    """

    text: str
    language: str | None = None
    kind: str = "caption"
    origin: str = "source"


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text that was read in a picture.

    `box` has its left, top, right and bottom edges as shares of the upright picture's width and
    height, from 0 to 1. `confidence`, from 0 to 1, is the recogniser's.
    """

    text: str
    confidence: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """The facts of a picture, from its file, with the picture upright.

    `taken_at` is ISO 8601 local time, with an offset where the camera wrote one; latitude and
    longitude are degrees, north and east positive. `colours` are up to five, "#rrggbb", the most
    frequent first. `perceptual_hash` is 64 bits, signed; near copies differ in a few of them.
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
    """Stars from 0 to 5, -1 for rejected, read from the file; in a `Picture` it is a field."""
    captions: tuple[Caption, ...] = ()
    """The captions in the file itself; in a `Picture`, those of the source too."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the catalog stores it.

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
    text: tuple[TextLine, ...] = ()
    """The lines of text that were read in it, from top to bottom."""


QueryKind = Literal["text", "picture"]
"""The origin of a query's vector; texts are farther from pictures than pictures are."""
