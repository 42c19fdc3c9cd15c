"""Near-duplicates among pictures, by their vectors and by how they look."""

import numpy as np
from numpy.typing import NDArray

from search.catalog.visual_hashes import MAX_BITS, Hashes
from search.records import Ids, Vectors

# Near-duplicates: pairs whose vectors are nearly the same, or whose hashes are the same but for a
# few bits and whose vectors do not differ much; plain skies share a hash. Of 499,500 pairs of
# photographs one passes either; docs/relevance.md has the measurements of copies.
NEAR_DUPLICATE = 0.955
MIN_COSINE = 0.6

# Vectors of two spaces can't be compared: there the main colours, in CIELAB (CIE 1976), tell apart
# plain pictures that share a hash.
MAX_COLOUR_DISTANCE = 20.0


def near_duplicates(
    vectors: Vectors, hashes: Hashes, has_hash: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return the matrix (n, n) that is True where two pictures are near-duplicates."""
    cosines = vectors @ vectors.T
    alike = _near_hashes(hashes, has_hash)
    near: NDArray[np.bool_] = (cosines >= NEAR_DUPLICATE) | (alike & (cosines >= MIN_COSINE))
    return near


def copies_across_spaces(
    contents: Ids, colours: Vectors, hashes: Hashes, has_hash: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return the matrix (n, n) that is True where two pictures are copies without their vectors.

    `contents` (n,) are equal where the files are; `colours` (n, 3) are the main ones in CIELAB, NaN
    where unknown. Copies have equal files, or near hashes and near colours.
    """
    copies: NDArray[np.bool_] = contents[:, None] == contents
    one, other = np.nonzero(_near_hashes(hashes, has_hash) & ~copies)
    distances = np.linalg.norm(colours[one] - colours[other], axis=1)
    copies[one, other] = distances <= MAX_COLOUR_DISTANCE  # False where one is NaN
    return copies


def _near_hashes(hashes: Hashes, has_hash: NDArray[np.bool_]) -> NDArray[np.bool_]:
    signs = np.unpackbits(hashes.view(np.uint8).reshape(-1, 8), axis=1).astype(np.float32) * 2 - 1
    signs[~has_hash] = 0
    near: NDArray[np.bool_] = signs @ signs.T >= 64 - 2 * MAX_BITS  # the shared bits less others
    return near
