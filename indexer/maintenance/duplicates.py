"""Pictures that a collection holds twice: the same file, or near-duplicates of one picture."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from search.catalog.catalog import Catalog
from search.catalog.known_files import HashedPicture
from search.catalog.visual_hashes import MAX_BITS
from search.pictures.containers import animation_of
from search.ranking.near_duplicates import MIN_COSINE
from search.records import Collection

# Of two hashes that differ in at most MAX_BITS (6) of 64 bits, one of four bands of 16 differs in
# one at most (Norouzi et al. 2012, multi-index hashing): bands are looked up with each such change.
BANDS, BAND_BITS = 4, 16
CHANGES = (0, *(1 << bit for bit in range(BAND_BITS)))

# Pictures looked up at once: their neighbours in a band fit in memory.
BLOCK = 50_000

# Pairs whose embeddings are compared at once.
PIECE = 2_000

Places = NDArray[np.int64]

SET_BITS = np.array([number.bit_count() for number in range(256)])


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Pictures that are copies of one another, by path."""

    kind: Literal["same", "near"]
    paths: tuple[Path, ...]


def duplicates(catalog: Catalog, collection: Collection) -> Iterator[DuplicateGroup]:
    """Yield the groups of copies: first those with equal bytes, then near-duplicates.

    Among near-duplicates one copy represents all with equal bytes.
    """
    looks = list(catalog.files(collection).visual_hashes())
    by_content: dict[bytes, list[HashedPicture]] = defaultdict(list)
    for each in looks:
        by_content[each.content_hash].append(each)
    for copies in by_content.values():
        if len(copies) > 1 and not _of_one_animation(copies):
            yield _group("same", copies)
    single = [copies[0] for copies in by_content.values()]
    with_hash = [each for each in single if each.perceptual_hash is not None]
    pairs = _alike(catalog, collection.space.id, with_hash)
    for members in _components(len(with_hash), pairs):
        yield _group("near", [with_hash[place] for place in members])


def _group(kind: Literal["same", "near"], copies: Sequence[HashedPicture]) -> DuplicateGroup:
    return DuplicateGroup(kind, tuple(sorted(each.path for each in copies)))


def _of_one_animation(copies: Sequence[HashedPicture]) -> bool:
    """Return whether pictures are frames of the same animation, which often look alike."""
    folders = {each.path.parent for each in copies}
    return len(folders) == 1 and animation_of(copies[0].path) is not None


def _alike(
    catalog: Catalog, space_id: str, looks: Sequence[HashedPicture]
) -> Iterator[tuple[int, int]]:
    """Yield pairs of places that a search folds: near hashes and similar embeddings."""
    hashes = np.array([each.perceptual_hash for each in looks], np.int64).view(np.uint64)
    near = [
        (one, other)
        for one, other in sorted(near_pairs(hashes))
        if not _of_one_animation((looks[one], looks[other]))
    ]
    for start in range(0, len(near), PIECE):
        pairs = near[start : start + PIECE]
        ids = sorted({looks[place].id for pair in pairs for place in pair})
        vectors = catalog.pictures.vectors(ids, space_id)
        for one, other in pairs:
            both = [
                vectors[looks[place].id] for place in (one, other) if looks[place].id in vectors
            ]
            if len(both) == 2 and float(both[0] @ both[1]) >= MIN_COSINE:
                yield one, other


def near_pairs(hashes: NDArray[np.uint64]) -> set[tuple[int, int]]:
    """Return pairs of places, the smaller first, whose hashes differ in at most MAX_BITS."""
    pairs: set[tuple[int, int]] = set()
    for band in range(BANDS):
        part = ((hashes >> np.uint64(BAND_BITS * band)) & np.uint64(0xFFFF)).astype(np.int64)
        order = np.argsort(part, kind="stable")
        for change in CHANGES:
            for start in range(0, len(part), BLOCK):
                ones, others = _match(part[start : start + BLOCK] ^ change, part[order], order)
                ones += start
                near = _bits(hashes[ones] ^ hashes[others]) <= MAX_BITS
                near &= others > ones
                pairs.update(zip(ones[near].tolist(), others[near].tolist(), strict=True))
    return pairs


def _match(queries: Places, values: Places, order: Places) -> tuple[Places, Places]:
    """Match each place of `queries` with each place of its value; `values` ascend, by `order`."""
    first = np.searchsorted(values, queries, "left")
    counts = np.searchsorted(values, queries, "right") - first
    ones = np.repeat(np.arange(len(queries)), counts)
    within = np.arange(len(ones)) - np.repeat(np.cumsum(counts) - counts, counts)
    return ones, order[np.repeat(first, counts) + within]


def _bits(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the number of set bits of each word."""
    counts: NDArray[np.int64] = SET_BITS[words.view(np.uint8).reshape(-1, 8)].sum(axis=1)
    return counts


def _components(count: int, pairs: Iterator[tuple[int, int]]) -> Iterator[list[int]]:
    """Return groups of two or more places that pairs connect."""
    root = list(range(count))

    def find(place: int) -> int:
        while root[place] != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    for one, other in pairs:
        root[find(other)] = find(one)
    groups: dict[int, list[int]] = defaultdict(list)
    for place in range(count):
        groups[find(place)].append(place)
    return (members for members in groups.values() if len(members) > 1)
