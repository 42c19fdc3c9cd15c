"""Embeddings as SQL stores them: float16, little-endian, one value a row."""

from collections.abc import Sequence

import numpy as np

from search.errors import DatabaseUnavailable
from search.records import Vectors


def to_blobs(vectors: Vectors) -> list[bytes]:
    """Return rows (n, width) as little-endian float16 bytes."""
    return [row.tobytes() for row in vectors.astype("<f2")]


def from_blobs(blobs: Sequence[bytes], width: int) -> Vectors:
    """Return float16 bytes as float32 rows, to the bit as stored; (0, width) for no bytes.

    Raises:
        DatabaseUnavailable: an embedding has another length.
    """
    if not blobs:
        return np.zeros((0, width), dtype=np.float32)
    length = 2 * width
    if any(len(blob) != length for blob in blobs):
        raise DatabaseUnavailable(
            f"the database holds an embedding that is not {length} bytes long: it is damaged; "
            "restore it from a backup, or remove the collection and index it again"
        )
    rows = np.frombuffer(b"".join(blobs), dtype="<f2").reshape(len(blobs), width)
    return np.ascontiguousarray(rows, dtype=np.float32)
