"""What the catalog holds of a source, 25 bytes a picture: by it unchanged files are told."""

from array import array
from collections.abc import Sequence, Set
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.sources import Item, captions_hash
from search.catalog.known_files import Ledger
from search.catalog.records import path_hash

# Odd, as in Knuth's multiplicative hashing: a size and a time make one number that hardly any
# other two make.
SIZE_FACTOR = np.uint64(0x9E3779B97F4A7C15)

WORD_BYTES = 8


class Standing:
    """The pictures of one source as the catalog holds them, and which of them were found again.

    A file counts as unchanged where 64 bits of its path and 64 of its state both fit, which a
    change misses with a chance of 1 to 10^19. What does not fit says nothing, and is looked up in
    the catalog.
    """

    def __init__(self, ledger: Ledger, root: Path, table: Path | None) -> None:
        none = np.zeros(0, np.uint64)
        ids, keys, states = [none.astype(np.int64)], [none], [none]
        for marks in ledger.marks(root, table):
            ids.append(np.array(marks.ids, np.int64))
            keys.append(_words(marks.path_hashes))
            states.append(_states(marks.sizes_bytes, marks.mtimes_ns, marks.captions_hashes))
        order = np.argsort(np.concatenate(keys))
        self._ids, self._keys, self._states = (
            np.concatenate(each)[order] for each in (ids, keys, states)
        )
        self._sure = np.zeros(len(order), np.bool_)
        self.found = array("q")
        """The ids of those that were found again otherwise: by a look into the catalog."""

    def unchanged(self, items: Sequence[Item], but: Set[Path]) -> NDArray[np.bool_]:
        """Which of the items are surely as they were; those count as found again.

        Nothing is said of paths that are in `but`.
        """
        if not len(self._keys) or not items:
            return np.zeros(len(items), np.bool_)
        keys = _words([path_hash(item.path) for item in items])
        states = _states(
            [item.size_bytes for item in items],
            [item.mtime_ns for item in items],
            [captions_hash(item.told) for item in items],
        )
        places = np.searchsorted(self._keys, keys)
        places[places == len(self._keys)] = 0
        same = (self._keys[places] == keys) & (self._states[places] == states)
        if but:
            same &= [item.path not in but for item in items]
        self._sure[places[same]] = True
        return np.asarray(same)

    @property
    def ids(self) -> set[int]:
        """The ids of all of them."""
        return set(self._ids.tolist())

    def missed(self) -> set[int]:
        """The ids of those that were not found again."""
        missed = np.setdiff1d(self._ids[~self._sure], np.asarray(self.found, np.int64))
        return set(missed.tolist())


def _words(hashes: Sequence[bytes]) -> NDArray[np.uint64]:
    """The first 64 bits of each hash."""
    words = [each[:WORD_BYTES].ljust(WORD_BYTES, b"\0") for each in hashes]
    return np.frombuffer(b"".join(words), np.uint64)


def _states(
    sizes_bytes: Sequence[int], mtimes_ns: Sequence[int], captions_hashes: Sequence[bytes]
) -> NDArray[np.uint64]:
    sizes, times = (np.array(each, np.int64).view(np.uint64) for each in (sizes_bytes, mtimes_ns))
    return (sizes * SIZE_FACTOR + times) ^ _words(captions_hashes)
