"""A pair's knowledge of its own limits: the words that it can't read, and what its cosines mean.

An encoder may have it as its attribute `knowledge`; the ranking does without where it has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from search.encoders import Encoder
from search.records import Scores, Vectors


@dataclass(frozen=True, slots=True)
class TextReading:
    """A pair's reading of texts: their tokens, the words that it does not know, and rare ones.

    `commonness` is the mean over tokens of log2(1 + n), rounded, for a token of n captions of the
    pictures that the pair was trained on. `is_understood` is False where it knows no word.
    `rare_words` are those that it knows, but that no caption of those pictures has.
    """

    tokens: int
    commonness: float
    unknown_words: tuple[str, ...]
    is_understood: bool
    rare_words: tuple[str, ...] = ()


class Knowledge(Protocol):
    """What a pair knows of its own limits. Safe to call from many threads."""

    def read(self, texts: Sequence[str]) -> TextReading:
        """Read the texts of one query."""

    def confidences(
        self, query: Vectors, reading: TextReading, cosines: Scores, pictures: int
    ) -> Scores | None:
        """Return the confidences (n,) of pictures by their cosines (n,) with a query (1, width).

        `pictures` is the number that was searched: the best of more is nearer by chance. None where
        the pair's confidence was not fitted.
        """


def knowledge_of(encoder: Encoder) -> Knowledge | None:
    """Return the knowledge of an encoder; None for most."""
    knowledge: Knowledge | None = getattr(encoder, "knowledge", None)
    return knowledge
