"""Near-duplicates among pictures, by their vectors and perceptual hashes."""

import numpy as np
from numpy.typing import NDArray

from search.catalog.visual_hashes import MAX_BITS, Hashes
from search.records import Vectors

# Near-duplicates: pairs whose vectors are nearly the same, or whose hashes are the same but for a
# few bits and whose vectors do not differ much; plain skies share a hash. Of 499,500 pairs of
# photographs one passes either; docs/relevance.md has the measurements of copies.
NEAR_DUPLICATE = 0.955
MIN_COSINE = 0.6


def near_duplicates(
    vectors: Vectors, hashes: Hashes, has_hash: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return the matrix (n, n) that is True where two pictures are near-duplicates."""
    cosines = vectors @ vectors.T
    signs = np.unpackbits(hashes.view(np.uint8).reshape(-1, 8), axis=1).astype(np.float32) * 2 - 1
    signs[~has_hash] = 0
    looks = signs @ signs.T >= 64 - 2 * MAX_BITS  # the bits two hashes share, less those not
    near: NDArray[np.bool_] = (cosines >= NEAR_DUPLICATE) | (looks & (cosines >= MIN_COSINE))
    return near
