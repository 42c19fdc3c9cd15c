"""The pictures whose text answers a query's words, and how strongly.

A text answers where it has all words of the query, or a rare one: a number, or a word that the
encoder does not know, such as a name. That a picture of something else has these words by chance is
the less likely the rarer they are, and the likelier the longer the text; the logarithms add up.
Words that captions are full of ask for looks: without a rare one, text hardly counts.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass

from search.catalog.text_words import FoundText
from search.encoders.knowledge import TextReading
from search.text.analysis import rarity
from search.text.spelling import is_spelled

# In a smaller collection a word is as rare as in one of so many pictures: that nobody else has a
# name on five pictures says little.
FEWEST_PICTURES = 1_000

# Evidence, in nats, from which on a match counts fully.
ENOUGH = 10.0

# What a text that is shorter or longer than the mean adds to a word's rarity, at most.
SHORT_TEXT, LONG_TEXT = 1.5, -2.0

# A word in another spelling may be another word; pieces of a run overlap.
MISSPELLED = 0.8
PIECE = 0.6

# The share of a run's pieces that suffices: one character that was misread is in two of them.
ENOUGH_PIECES = 0.7

# A query asks for text up to a `TextReading.commonness` of its words, and for looks from the second
# on: "museum" has 3, "street music festival" 6, "beach" 9, "a dog runs on the grass" 12.
ASKS_TEXT, ASKS_LOOKS = 7.0, 9.0

# What is left of a text's strength there, so that `--by text` still finds it.
LEAST_STRENGTH = 0.02

# Characters of a number that is rare.
SHORTEST_NUMBER = 4


@dataclass(frozen=True, slots=True)
class TextMatch:
    """The share of a query's words that a text has, by rarity, and the strength, over 0 to 1."""

    coverage: float
    strength: float


TextMatches = dict[int, TextMatch]
"""The matches of pictures, by their ids."""


def match_text(
    found_text: FoundText, pictures: int, text_reading: TextReading | None
) -> TextMatches:
    """Return the pictures whose text answers; `text_reading` is the encoder's of the query."""
    names = {word.casefold() for word in text_reading.unknown_words} if text_reading else set()
    asks_text = _asks_text(text_reading)
    spellings = {word: frozenset(group) for word, group in found_text.spellings.items()}
    rarities = {
        word: (ENOUGH if _is_rare(word, names) else rarity(count, max(pictures, FEWEST_PICTURES)))
        * (1.0 if is_spelled(word) else PIECE)
        for word, count in found_text.frequency.items()
    }
    rare_words = {word for word in spellings if _is_rare(word, names)}
    mean = sum(map(len, found_text.words.values())) / len(found_text.words)
    matches: TextMatches = {}
    for picture_id, words in found_text.words.items():
        own = {word for word, group in spellings.items() if not group.isdisjoint(words)}
        if not (_is_whole(own, spellings) or rare_words & own):
            continue
        length = min(SHORT_TEXT, max(LONG_TEXT, math.log(mean / max(1, len(words)))))
        evidence = sum(
            max(0.0, rarities[word] + length) * (1.0 if word in words else MISSPELLED)
            for word in own
        )
        coverage = sum(rarities[word] for word in own) / sum(rarities.values())
        part = 1.0 if rare_words & own else asks_text
        matches[picture_id] = TextMatch(coverage, min(1.0, evidence / ENOUGH) * coverage * part)
    return matches


def _asks_text(text_reading: TextReading | None) -> float:
    """Return how much a query may ask for text, from 1 down; 1 where the encoder does not say."""
    if text_reading is None:
        return 1.0
    share = (ASKS_LOOKS - text_reading.commonness) / (ASKS_LOOKS - ASKS_TEXT)
    return min(1.0, max(LEAST_STRENGTH, share))


def _is_rare(word: str, names: Collection[str]) -> bool:
    is_number = len(word) >= SHORTEST_NUMBER and any(map(str.isdigit, word))
    return is_number or word in names


def _is_whole(own: Collection[str], spellings: Collection[str]) -> bool:
    """Return whether a text has all words of a query, and nearly all pieces of runs."""
    pieces = [word for word in spellings if not is_spelled(word)]
    if any(word not in own for word in spellings if is_spelled(word)):
        return False
    return sum(word in own for word in pieces) >= ENOUGH_PIECES * len(pieces)
