"""Pictures that a collection holds twice: the same file, or near copies of one picture."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from search.catalog import Catalog
from search.ledger import Ledger, Looks
from search.pictures.containers import animation_of
from search.records import Collection

# Near copies differ in at most this many of 64 bits; of four bands of 16, one is then the same.
MOST_BITS = 3
BANDS = 4

# And their embeddings agree this far: plain skies share a hash without being copies.
LEAST_COSINE = 0.95


SET_BITS = np.array([number.bit_count() for number in range(256)])


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures that are copies of one another, by path."""

    kind: Literal["same", "near"]
    paths: tuple[Path, ...]


def duplicates(catalog: Catalog, collection: Collection) -> Iterator[Group]:
    """The groups of copies: first those with the same bytes, then those that look the same.

    Of copies with the same bytes one stands for all among those that look the same.
    """
    looks = list(Ledger(catalog.database, collection).looks())
    by_content: dict[bytes, list[Looks]] = defaultdict(list)
    for each in looks:
        by_content[each.content_hash].append(each)
    for copies in by_content.values():
        if len(copies) > 1 and not _of_one_animation(copies):
            yield _group("same", copies)
    single = [copies[0] for copies in by_content.values()]
    hashed = [each for each in single if each.perceptual_hash is not None]
    for members in _connected(len(hashed), _alike(catalog, hashed)):
        yield _group("near", [hashed[place] for place in members])


def _group(kind: Literal["same", "near"], copies: Sequence[Looks]) -> Group:
    return Group(kind, tuple(sorted(each.path for each in copies)))


def _of_one_animation(copies: Sequence[Looks]) -> bool:
    """Whether pictures are frames of the same animation, which often look alike."""
    folders = {each.path.parent for each in copies}
    return len(folders) == 1 and animation_of(copies[0].path) is not None


def _alike(catalog: Catalog, looks: Sequence[Looks]) -> Iterator[tuple[int, int]]:
    """Pairs of places whose hashes are near and whose embeddings agree."""
    hashes = np.array([each.perceptual_hash for each in looks], np.int64).view(np.uint64)
    for one, other in sorted(_near(hashes)):
        if _of_one_animation((looks[one], looks[other])):
            continue
        vectors = [catalog.picture_vector(looks[each].id)[1] for each in (one, other)]
        if float(vectors[0] @ vectors[1]) >= LEAST_COSINE:
            yield one, other


def _near(hashes: NDArray[np.uint64]) -> set[tuple[int, int]]:
    """Pairs of places, the smaller first, whose hashes differ in at most MOST_BITS."""
    pairs: set[tuple[int, int]] = set()
    for band in range(BANDS):
        part = (hashes >> np.uint64(16 * band)) & np.uint64(0xFFFF)
        order = np.argsort(part, kind="stable")
        starts = np.flatnonzero(np.diff(part[order])) + 1
        for places in np.split(order, starts):
            for at, place in enumerate(places[:-1]):
                others = places[at + 1 :]
                differ = _bits(hashes[others] ^ hashes[place])
                pairs.update(
                    (min(int(place), int(each)), max(int(place), int(each)))
                    for each in others[differ <= MOST_BITS]
                )
    return pairs


def _bits(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """How many bits of each word are set."""
    counts: NDArray[np.int64] = SET_BITS[words.view(np.uint8).reshape(-1, 8)].sum(axis=1)
    return counts


def _connected(count: int, pairs: Iterator[tuple[int, int]]) -> Iterator[list[int]]:
    """Groups of places that pairs lead between, of two or more."""
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
