"""Pictures in a space of four dimensions, ready for a catalog."""

import os
from pathlib import Path

import numpy as np

from search.catalog.records import EmbeddedCaptions, EmbeddedPicture, FileState
from search.records import Caption, PictureFacts, Space, Vectors

SPACE = Space("test-000000000000", "tiny", 4)

FACTS = PictureFacts(
    format="JPEG",
    width_px=640,
    height_px=480,
    taken_at="2019-07-01T12:30:00+02:00",
    latitude=48.85,
    longitude=-2.35,
    camera="Canon EOS 5D",
)


def unit(*values: float) -> Vectors:
    """Return a unit vector in the direction of `values`."""
    vector = np.array(values, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def embedded(path: str | bytes, vector: Vectors, *captions: Caption) -> EmbeddedPicture:
    """Return a picture at `path`, with captions that share its embedding."""
    rows = np.tile(unit(0, 0, 0, 1), (len(captions), 1)).reshape(len(captions), 4)
    state = FileState(Path(os.fsdecode(path)), 1234, 56, b"h" * 32, b"c" * 16)
    return EmbeddedPicture(state, FACTS, vector, EmbeddedCaptions(captions, rows))
