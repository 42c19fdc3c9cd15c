"""An encoder for many callers: concurrent texts share a run, recent ones are cached."""

from collections.abc import Sequence
from threading import Lock

import numpy as np
from cachetools import LRUCache

from search.batching import Batcher
from search.encoders import Encoder
from search.encoders.knowledge import Knowledge, knowledge_of
from search.encoders.places import PlaceReader, places_of
from search.encoders.preparation import Preparation
from search.records import Pixels, Space, Vectors

# This many texts are a batch by themselves.
MAX_BATCHED = 8

# A page's next hits, its filters and its marks repeat the same words: 2 KB for each text.
CACHE_SIZE = 1_024


class BatchingEncoder:
    """An encoder that batches and caches the texts of another one. Safe to call from many threads.

    Concurrent texts share one run of the text tower; repeated texts are not run again.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.space: Space = encoder.space
        self.preparation: Preparation = encoder.preparation
        self.knowledge: Knowledge | None = knowledge_of(encoder)
        self._encoder = encoder
        self._together = Batcher(self._encode_all)
        self._cache: LRUCache[str, Vectors] = LRUCache(CACHE_SIZE)
        self._lock = Lock()

    @property
    def places(self) -> PlaceReader | None:
        """Return what tells the places of a picture, as the encoder's."""
        return places_of(self._encoder)

    def characters_read(self, text: str) -> int:
        """Return the number of a text's first characters that its vector depends on."""
        return self._encoder.characters_read(text)

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed (n, height, width, 3) uint8 made by `preparation` -> (n, width); n may be 0."""
        return self._encoder.encode_pixels(pixels)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed n texts -> (n, width); n may be 0."""
        if not 0 < len(texts) <= MAX_BATCHED:
            return self._encoder.encode_texts(texts)
        vectors = self._lookup(texts)
        missing = [text for text in dict.fromkeys(texts) if text not in vectors]
        if missing:
            new = dict(zip(missing, self._together.ask(missing), strict=True))
            self._keep(new)
            vectors |= new
        return np.stack([vectors[text] for text in texts])

    def _lookup(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """Return the vectors (width,) of the cached texts."""
        with self._lock:
            return {text: self._cache[text] for text in texts if text in self._cache}

    def _keep(self, vectors: dict[str, Vectors]) -> None:
        with self._lock:
            # Copies: a row of a batch would keep all of the batch in memory.
            self._cache.update({text: vector.copy() for text, vector in vectors.items()})

    def _encode_all(self, batches: list[Sequence[str]]) -> list[Vectors]:
        vectors = self._encoder.encode_texts([text for texts in batches for text in texts])
        ends = np.cumsum([len(texts) for texts in batches])[:-1]
        return np.split(vectors, ends)
