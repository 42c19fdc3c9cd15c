"""Adapters: small maps of text vectors, learned from marks; picture vectors stay unchanged."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.records import Vectors

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Adapter:
    """A residual map of low rank: `down` and `up` are (rank, width), and `up` zero changes nothing.

    After the adapters of Houlsby et al. (2019), here behind the tower instead of in it.
    """

    down: Matrix
    up: Matrix

    def __call__(self, rows: Vectors) -> Vectors:
        """Map unit rows (n, width) to unit rows."""
        mapped_rows = rows + rows @ self.down.T @ self.up
        lengths = np.linalg.norm(mapped_rows, axis=1, keepdims=True)
        return np.ascontiguousarray(mapped_rows / np.maximum(lengths, 1e-9), dtype=np.float32)

    def to_bytes(self) -> bytes:
        """Return both matrices as little-endian float32."""
        return np.stack([self.down, self.up]).astype("<f4").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes, rank: int) -> "Adapter":
        """Return the adapter in the bytes of `to_bytes`; raises ValueError if they are damaged."""
        down, up = np.frombuffer(data, "<f4").reshape(2, rank, -1).astype(np.float32)
        return cls(down, up)


@dataclass(frozen=True, slots=True)
class InstalledAdapter:
    """An adapter of a collection, whether it is in use, and the facts of its training."""

    collection: str
    space_id: str
    enabled: bool
    adapter: Adapter
    facts: Mapping[str, object]
    made_at: str
