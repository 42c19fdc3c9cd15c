"""The pictures whose names answer a query's words, and how strongly.

Names answer where they have all words of the query, or a rare one: "Mallorca", "IMG_0412". Names
with most of the words describe what is there, as a folder "dogs" does, and count for less: an album
has pictures of other things, too.
"""

from search.catalog.full_text import FoundWords
from search.encoders.knowledge import TextReading
from search.ranking.asked_words import (
    ENOUGH,
    WordMatch,
    WordMatches,
    asks_text,
    evidence_of,
    rare_words,
)

# A description of several words shares one with many a folder: names count from this part on.
FROM_COVERAGE = 0.5

# The strength of names that describe, for all words of the query.
DESCRIBES = 0.13


def name_matches(
    found_words: FoundWords, pictures: int, text_reading: TextReading | None
) -> WordMatches:
    """Return the matches by picture id; `text_reading` is the encoder's of the query.

    `pictures` is their number. A word in the names of all pictures, such as the folder above them,
    tells none apart and has no strength; a word of less than half of them has all of it.
    """
    asks = asks_text(text_reading)
    names = (*text_reading.unknown_words, *text_reading.rare_words) if text_reading else ()
    rare = rare_words(found_words.frequency, names)
    evidences = evidence_of(found_words.frequency, rare, pictures)
    total = sum(evidences.values())
    matches: dict[int, WordMatch] = {}
    for picture_id, own_names in found_words.words.items():
        own = {word for word in evidences if word in own_names}
        if not own or not total:
            continue
        evidence = sum(evidences[word] for word in own)
        coverage = evidence / total
        strength = DESCRIBES * max(coverage - FROM_COVERAGE, 0) / (1 - FROM_COVERAGE)
        if rare & own or len(own) == len(evidences):
            named = min(1.0, evidence / ENOUGH) * coverage * (1.0 if rare & own else asks)
            strength = max(strength, named)
        share = min(found_words.frequency[word] for word in own) / max(pictures, 1)
        strength *= min(1.0, 2 * (1 - min(share, 1.0)))
        if strength > 0:
            matches[picture_id] = WordMatch(coverage, strength)
    return matches
