"""The pictures whose text answers a query's words, and how strongly.

A text answers where it has all words of the query, or a rare one: a number, or a word that the
encoder does not know, such as a name. The longer the text, the likelier are words by chance.
"""

import math
from collections.abc import Collection

from search.catalog.text_words import FoundText
from search.encoders.knowledge import TextReading
from search.ranking.asked_words import (
    ENOUGH,
    WordMatch,
    WordMatches,
    asks_text,
    evidence_of,
    rare_words,
)
from search.text.spelling import is_spelled

# What a text that is shorter or longer than the mean adds to a word's rarity, at most.
SHORT_TEXT, LONG_TEXT = 1.5, -2.0

# A word in another spelling may be another word; pieces of a run overlap.
MISSPELLED = 0.8
PIECE = 0.6

# The share of a run's pieces that suffices: one character that was misread is in two of them.
ENOUGH_PIECES = 0.7


def match_text(
    found_text: FoundText, pictures: int, text_reading: TextReading | None
) -> WordMatches:
    """Return the pictures whose text answers; `text_reading` is the encoder's of the query."""
    asks = asks_text(text_reading)
    spellings = {word: frozenset(group) for word, group in found_text.spellings.items()}
    rare = rare_words(spellings, text_reading.unknown_words if text_reading else ())
    evidences = {
        word: evidence * (1.0 if is_spelled(word) else PIECE)
        for word, evidence in evidence_of(found_text.frequency, rare, pictures).items()
    }
    mean = sum(map(len, found_text.words.values())) / len(found_text.words)
    matches: dict[int, WordMatch] = {}
    for picture_id, words in found_text.words.items():
        own = {word for word, group in spellings.items() if not group.isdisjoint(words)}
        if not (_is_whole(own, spellings) or rare & own):
            continue
        length = min(SHORT_TEXT, max(LONG_TEXT, math.log(mean / max(1, len(words)))))
        evidence = sum(
            max(0.0, evidences[word] + length) * (1.0 if word in words else MISSPELLED)
            for word in own
        )
        coverage = sum(evidences[word] for word in own) / sum(evidences.values())
        part = 1.0 if rare & own else asks
        matches[picture_id] = WordMatch(coverage, min(1.0, evidence / ENOUGH) * coverage * part)
    return matches


def _is_whole(own: Collection[str], spellings: Collection[str]) -> bool:
    """Return whether a text has all words of a query, and nearly all pieces of runs."""
    pieces = [word for word in spellings if not is_spelled(word)]
    if any(word not in own for word in spellings if is_spelled(word)):
        return False
    return sum(word in own for word in pieces) >= ENOUGH_PIECES * len(pieces)
