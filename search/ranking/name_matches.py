"""Pictures whose names contain most of a query's words, and how much that tells them apart."""

from collections.abc import Mapping
from dataclasses import dataclass

from search.catalog.full_text import FoundWords
from search.text.analysis import rarity

# A description of several words shares one with many a folder: names count from this part on.
FROM_COVERAGE = 0.5


@dataclass(frozen=True, slots=True)
class NameMatch:
    """The matched part of the words' rarities, and the strength of the match, both 0 to 1."""

    coverage: float
    strength: float


def name_matches(found_words: FoundWords, pictures: int) -> Mapping[int, NameMatch]:
    """Return the matches by picture id, of those with more than half of the words' rarity.

    `pictures` is their number. A word in the names of all pictures, such as the folder above them,
    tells none apart and has no strength.
    """
    rarities = {word: rarity(count, pictures) for word, count in found_words.frequency.items()}
    total = sum(rarities.values())
    matches = {}
    for picture_id, names in found_words.words.items():
        words = [word for word in rarities if word in names]
        coverage = sum(rarities[word] for word in words) / total if total else 0.0
        rarest = min((found_words.frequency[word] for word in words), default=pictures)
        apart = 1 - min(rarest / max(pictures, 1), 1.0)
        strength = max(coverage - FROM_COVERAGE, 0) / (1 - FROM_COVERAGE) * apart
        if strength > 0:
            matches[picture_id] = NameMatch(coverage, strength)
    return matches
