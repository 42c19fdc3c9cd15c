"""The unchanged files of a source, by the catalog's records: 25 bytes a picture."""

from array import array
from collections.abc import Sequence, Set
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.sources import Item, captions_hash
from search.catalog.known_files import KnownFiles
from search.catalog.records import path_hash

# An odd factor, as in Knuth's multiplicative hashing: it joins a size and a time into one number
# that hardly ever equals another pair's.
SIZE_FACTOR = np.uint64(0x9E3779B97F4A7C15)

WORD_BYTES = 8


class UnchangedFiles:
    """The catalog's pictures of one source, and those that were found again.

    A file counts as unchanged where 64 bits of its path and 64 of its state both match, which a
    change does by accident with a chance of 1 to 10^19. A file that does not match is looked up in
    the catalog.
    """

    def __init__(self, known_files: KnownFiles, root: Path, table: Path | None) -> None:
        none = np.zeros(0, np.uint64)
        ids, keys, states = [none.astype(np.int64)], [none], [none]
        for marks in known_files.stamps(root, table):
            ids.append(np.array(marks.ids, np.int64))
            keys.append(_words(marks.path_hashes))
            states.append(_states(marks.sizes_bytes, marks.mtimes_ns, marks.captions_hashes))
        order = np.argsort(np.concatenate(keys))
        self._ids, self._keys, self._states = (
            np.concatenate(part)[order] for part in (ids, keys, states)
        )
        self._found_again = np.zeros(len(order), np.bool_)
        self.found_ids = array("q")
        """The ids of pictures that a look-up in the catalog found again."""

    def find_unchanged(self, items: Sequence[Item], but: Set[Path]) -> NDArray[np.bool_]:
        """Return the items that are surely unchanged, and count them as found again.

        Paths in `but` are left out.
        """
        if not len(self._keys) or not items:
            return np.zeros(len(items), np.bool_)
        keys = _words([path_hash(item.path) for item in items])
        states = _states(
            [item.size_bytes for item in items],
            [item.mtime_ns for item in items],
            [captions_hash(item.sidecar) for item in items],
        )
        places = np.searchsorted(self._keys, keys)
        places[places == len(self._keys)] = 0
        same = (self._keys[places] == keys) & (self._states[places] == states)
        if but:
            same &= [item.path not in but for item in items]
        self._found_again[places[same]] = True
        return np.asarray(same)

    @property
    def ids(self) -> set[int]:
        """Return the ids of all the pictures."""
        return set(self._ids.tolist())

    def missed_ids(self) -> set[int]:
        """Return the ids of the pictures that were not found again."""
        row_ids = np.setdiff1d(self._ids[~self._found_again], np.asarray(self.found_ids, np.int64))
        return set(row_ids.tolist())


def _words(hashes: Sequence[bytes]) -> NDArray[np.uint64]:
    """Return the first 64 bits of each hash."""
    words = [digest[:WORD_BYTES].ljust(WORD_BYTES, b"\0") for digest in hashes]
    return np.frombuffer(b"".join(words), np.uint64)


def _states(
    sizes_bytes: Sequence[int], mtimes_ns: Sequence[int], captions_hashes: Sequence[bytes]
) -> NDArray[np.uint64]:
    sizes, times = (
        np.array(numbers, np.int64).view(np.uint64) for numbers in (sizes_bytes, mtimes_ns)
    )
    return (sizes * SIZE_FACTOR + times) ^ _words(captions_hashes)
