"""Words of a query that ask for what is written, in a picture or its names, and not for looks.

That the words are there by chance is the less likely the rarer they are; the logarithms add up.
Words that captions are full of ask for looks: without a rare word, what is written hardly counts.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from search.encoders.knowledge import TextReading
from search.text.analysis import rarity, words_of

# In a smaller collection a word is as rare as in one of so many pictures: that nobody else has a
# name on five pictures says little.
FEWEST_PICTURES = 1_000

# Evidence, in nats, from which on a match counts fully.
ENOUGH = 10.0

# A query asks for text up to a `TextReading.commonness` of its words, and for looks from the second
# on: "museum" has 3, "street music festival" 6, "beach" 9, "a dog runs on the grass" 12.
ASKS_TEXT, ASKS_LOOKS = 7.0, 9.0

# What is left of a match there, so that `--by text` and `--by name` still find it.
LEAST_STRENGTH = 0.02

# Characters of a number that is rare.
SHORTEST_NUMBER = 4


@dataclass(frozen=True, slots=True)
class WordMatch:
    """The share of a query's words that a picture has, by rarity, and the strength, 0 to 1."""

    coverage: float
    strength: float


WordMatches = Mapping[int, WordMatch]
"""The matches of pictures, by their ids."""


def evidence_of(
    frequency: Mapping[str, int], rare: Collection[str], pictures: int
) -> dict[str, float]:
    """Return the evidence of each word in nats, by the number of the pictures that have it."""
    return {
        word: ENOUGH if word in rare else rarity(count, max(pictures, FEWEST_PICTURES))
        for word, count in frequency.items()
    }


def rare_words(words: Collection[str], names: Collection[str]) -> frozenset[str]:
    """Return the words that are long numbers, or among the `names` in a query."""
    forms = {form for name in names for form in (name.casefold(), *words_of(name))}
    return frozenset(word for word in words if word in forms or _is_rare_number(word))


def asks_text(text_reading: TextReading | None) -> float:
    """Return how much a query may ask for text, from 1 down; 1 where the encoder does not say."""
    if text_reading is None:
        return 1.0
    share = (ASKS_LOOKS - text_reading.commonness) / (ASKS_LOOKS - ASKS_TEXT)
    return min(1.0, max(LEAST_STRENGTH, share))


def _is_rare_number(word: str) -> bool:
    return len(word) >= SHORTEST_NUMBER and any(map(str.isdigit, word))
