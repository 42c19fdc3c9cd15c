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
        stock_texts: bool = False,
    ) -> Background:
        """Return the background of these stores: stored, or measured now if it is stale.

        With `stock_texts`, captions do not take the place of people's queries.
        """
        pictures = [index.pictures for index in indexes]
        captions = [index.captions for index in indexes if index.captions is not None]
        key = (stock_texts, *(id(store) for store in (*pictures, *captions)))
        size = sum(index.picture_count + index.caption_count for index in indexes)
        with self._lock:
            entry = self._backgrounds.get(key)
            stale = entry is None or abs(size - entry[0]) > STALE_SHARE * entry[0]
            if entry is not None and stale:  # others use the old one meanwhile
                self._backgrounds[key] = (size, entry[1])
        if entry is None or stale:
            entry = (size, fit(pictures, captions, encode_texts, stock_texts))
            with self._lock:
                self._backgrounds[key] = entry
        return entry[1]

    def clear(self) -> None:
        """Drop all backgrounds: some may be of stores that were dropped."""
        with self._lock:
            self._backgrounds.clear()
