"""Misspelt words, corrected by the words that collections have of their own."""

from collections.abc import Callable, Iterable

import regex
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

LATIN = regex.compile(r"[\p{Latin}]{4,}")
HAN = regex.compile(r"\p{Han}{3,8}")

# Two letters may be wrong in words of so many; in shorter ones the change would be another word.
LONG = 8


class Spelling:
    """The words of texts, and the nearest of them to a misspelt one."""

    def __init__(self, texts: Iterable[str]) -> None:
        words: dict[str, None] = {}
        phrases: dict[str, None] = {}
        for text in texts:
            words |= dict.fromkeys(word.casefold() for word in LATIN.findall(text))
            phrases |= dict.fromkeys(HAN.findall(text))
        self._words = list(words)
        self._known_words = frozenset(words)
        self._phrases = list(phrases)
        self._joined_phrases = "\n".join(phrases)

    def correct(self, question: str, is_known: Callable[[str], bool]) -> str | None:
        """Return the question with its misspelt words corrected; None without any.

        Words that `is_known` knows, such as those of the encoder, are right.
        """

        def latin(match: "regex.Match[str]") -> str:
            text = str(match[0])
            word = text.casefold()
            if word in self._known_words or is_known(word):
                return text
            return self._nearest(word, self._words, 2 if len(word) >= LONG else 1) or text

        def han(match: "regex.Match[str]") -> str:
            text = str(match[0])
            if text in self._joined_phrases or is_known(text):
                return text
            return self._nearest(text, self._phrases, 1) or text

        correction = HAN.sub(han, LATIN.sub(latin, question))
        return correction if correction != question else None

    def _nearest(self, word: str, words: list[str], most: int) -> str | None:
        nearest = process.extractOne(
            word, words, scorer=DamerauLevenshtein.distance, score_cutoff=most
        )
        return None if nearest is None else str(nearest[0])
