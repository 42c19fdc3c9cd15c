"""The pair to recommend for a collection, by the languages of its captions."""

import re
from collections import Counter
from collections.abc import Sequence

from search.packages.editions import EDITION_OF
from search.records import Caption, Collection

USUAL = "balanced"

SAMPLE = 500
"""Captions, enough to know the languages of a collection by."""

HAN = re.compile(r"[\u3400-\u9fff]")

SHARE = 0.1
"""Of captions, that makes a language one of a collection's."""


def can_be_offered_better(collection: Collection) -> bool:
    """Return whether a collection has an edition of the built-in pair, and no second pair.

    A pair that was trained from it is none.
    """
    return collection.space.encoder in EDITION_OF and collection.second is None


def recommend(captions: Sequence[Caption]) -> str:
    """Return a short name: `chinese`, `multilingual` for several languages, or the usual one.

    A caption without a language is Chinese by its characters, and English otherwise.
    """
    counts = Counter(map(_language, captions))
    if counts["zh"] > len(captions) / 2:
        return "chinese"
    languages = [code for code, count in counts.items() if count >= SHARE * len(captions)]
    return "multilingual" if len(languages) > 1 else USUAL


def _language(caption: Caption) -> str:
    if caption.language:
        return caption.language.partition("-")[0].lower()
    return "zh" if HAN.search(caption.text) else "en"
