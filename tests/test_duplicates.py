"""Near-duplicates by perceptual hashes: every pair that a full comparison finds."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.maintenance.duplicates import near_pairs
from search.catalog.visual_hashes import MAX_BITS

pytestmark = pytest.mark.slow

# From a few hashes, each with up to nine bits flipped: pairs on both sides of the limit.
SEEDS = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=3)
CHANGED = st.lists(st.tuples(st.integers(0, 2), st.sets(st.integers(0, 63), max_size=9)))


@given(SEEDS, CHANGED)
def test_pairs_are_those_that_differ_in_few_bits(
    seeds: list[int], changed: list[tuple[int, set[int]]]
) -> None:
    hashes = seeds + [
        seeds[at % len(seeds)] ^ sum(1 << bit for bit in bits) for at, bits in changed
    ]
    wanted = {
        (one, other)
        for one, other in combinations(range(len(hashes)), 2)
        if (hashes[one] ^ hashes[other]).bit_count() <= MAX_BITS
    }
    assert near_pairs(np.array(hashes, np.uint64)) == wanted
