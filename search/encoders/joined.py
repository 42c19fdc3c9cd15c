"""An encoder whose texts are embedded together when several threads ask at the same time."""

from collections.abc import Sequence

import numpy as np

from search.encoders import Encoder
from search.encoders.preparation import Preparation
from search.joining import Joining
from search.records import Pixels, Space, Vectors

# So many texts are a batch by themselves.
FEW = 8


class JoinedEncoder:
    """As the encoder it is around; texts that come together share one run of the text tower."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._together = Joining(self._encode_all)

    @property
    def space(self) -> Space:
        """The identity of the pair."""
        return self._encoder.space

    @property
    def preparation(self) -> Preparation:
        """How a picture becomes the picture tower's input."""
        return self._encoder.preparation

    def characters_read(self, text: str) -> int:
        """How many characters of a text its vector hangs on."""
        return self._encoder.characters_read(text)

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed (n, height, width, 3) uint8 made by `preparation` -> (n, width); n may be 0."""
        return self._encoder.encode_pixels(pixels)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed n texts -> (n, width); n may be 0."""
        if not 0 < len(texts) <= FEW:
            return self._encoder.encode_texts(texts)
        return self._together.ask(texts)

    def _encode_all(self, asked: list[Sequence[str]]) -> list[Vectors]:
        vectors = self._encoder.encode_texts([text for texts in asked for text in texts])
        ends = np.cumsum([len(texts) for texts in asked])[:-1]
        return np.split(vectors, ends)
