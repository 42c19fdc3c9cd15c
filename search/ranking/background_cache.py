"""The backgrounds of collections, measured once, and again when the collections change."""

import threading
from collections.abc import Callable, Sequence

from search.indexes.collection_indexes import CollectionIndexes
from search.ranking.calibration import Background, fit
from search.records import Vectors

# A collection may grow or shrink by this share before its background is measured again.
STALE_SHARE = 0.1


class BackgroundCache:
    """The background of each set of stores that is searched. Safe to call from many threads."""

    def __init__(self) -> None:
        self._backgrounds: dict[tuple[int, ...], tuple[int, Background]] = {}
        self._lock = threading.Lock()

    def of(
        self,
        indexes: Sequence[CollectionIndexes],
        encode_texts: Callable[[Sequence[str]], Vectors],
    ) -> Background:
        """Return the background of these stores: stored, or measured now if it is stale."""
        pictures = [index.pictures for index in indexes]
        captions = [index.captions for index in indexes if index.captions is not None]
        key = tuple(id(store) for store in (*pictures, *captions))
        size = sum(index.picture_count + index.caption_count for index in indexes)
        with self._lock:
            known = self._backgrounds.get(key)
            stale = known is None or abs(size - known[0]) > STALE_SHARE * known[0]
            if known is not None and stale:  # others use the old one meanwhile
                self._backgrounds[key] = (size, known[1])
        if known is None or stale:
            known = (size, fit(pictures, captions, encode_texts))
            with self._lock:
                self._backgrounds[key] = known
        return known[1]

    def clear(self) -> None:
        """Drop all backgrounds: some may be of stores that were dropped."""
        with self._lock:
            self._backgrounds.clear()
