"""Text as the words by which captions are found: stems in English, pairs of characters in Chinese.

Captions and queries go through the same function, so both databases can match plain strings.
"""

import math
import re
import threading
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import snowballstemmer

from search.records import Caption

# Han characters stand without spaces between words. Runs of them become their overlapping pairs,
# which need no dictionary and find a word wherever it stands; single characters are kept beside
# them for queries of one character.
RUNS = re.compile(r"(?P<han>[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+)|[^\W_]+")

# Words that nearly every caption has and that say nothing of a picture.
EMPTY_ENGLISH = (
    "a an and are as at be by for from has have he her his in into is it its of on or she that the "
    "their there they this to was were which while who with"
)
EMPTY_CHINESE = "的了着在是和与一个上中里有被地得"
EMPTY = frozenset([*EMPTY_ENGLISH.split(), *EMPTY_CHINESE])

# A longer word is none: an address, a hash, a text without spaces.
LONGEST_WORD = 40

MOST_QUERY_WORDS = 32
"""What a query asks for at most; what is past them is left out, the vectors still see it."""

# BM25's usual constants (Robertson and Zaragoza 2009): how soon a word's repetition stops to count,
# and how much long captions are held back.
K1, B = 1.2, 0.75


def words_of(text: str) -> list[str]:
    """The words of a caption, in order, repetitions kept."""
    found: list[str] = []
    for run in RUNS.finditer(unicodedata.normalize("NFKC", text).lower()):
        if run["han"]:
            han = run["han"]
            found += [each for each in han if each not in EMPTY]
            found += [han[start : start + 2] for start in range(len(han) - 1)]
        elif run[0] not in EMPTY:
            found.append(_stem(run[0][:LONGEST_WORD]))
    return found


def query_words(text: str) -> tuple[str, ...]:
    """The words that a query asks for, each once; of Chinese the pairs, where there are any."""
    pairs = {each for each in words_of(text) if _is_han(each) and len(each) == 2}
    covered = {character for pair in pairs for character in pair}
    asked = [each for each in words_of(text) if each not in covered]
    return tuple(dict.fromkeys(asked))[:MOST_QUERY_WORDS]


def found_in(text: str, asked: Iterable[str]) -> tuple[str, ...]:
    """The words of a text that are among those `asked`, each once, as they are written there."""
    wanted = set(asked)
    found: list[str] = []
    for run in RUNS.finditer(unicodedata.normalize("NFKC", text)):
        han, word = run["han"] or "", run[0]
        pairs = (han[start : start + 2] for start in range(len(han) - 1))
        found += [each for each in (*pairs, *han) if each in wanted]
        if not han and _stem(word.lower()[:LONGEST_WORD]) in wanted:
            found.append(word)
    return tuple(dict.fromkeys(found))


def rarity(frequency: int, pictures: int) -> float:
    """How much finding a word says: the logarithm of how rare it is among so many pictures."""
    pictures = max(pictures, frequency)
    return math.log((pictures - frequency + 0.5) / (frequency + 0.5) + 1)


def words_score(
    rarities: Mapping[str, float], held: Sequence[str], usual_length: float
) -> tuple[float, float]:
    """How well the words `held` by a picture's captions answer those asked: (BM25, coverage).

    `rarities` is of each asked word; `usual_length` the mean number of words of a picture. Coverage
    is what was found of the rarities' sum, from 0 to 1.
    """
    drag = K1 * (1 - B + B * len(held) / max(usual_length, 1.0))
    counts = {word: held.count(word) for word in rarities}
    found = {word: count for word, count in counts.items() if count}
    reached = sum(
        rarities[word] * count * (K1 + 1) / (count + drag) for word, count in found.items()
    )
    total = sum(rarities.values())
    return reached, (sum(rarities[word] for word in found) / total if total else 0.0)


def best_caption(asked: Sequence[str], captions: Iterable[Caption]) -> Caption | None:
    """The caption that holds most of the words asked for; None where none holds any."""
    wanted = set(asked)
    counted = [(len(wanted & set(words_of(each.text))), each) for each in captions]
    most, best = max(counted, key=lambda pair: pair[0], default=(0, None))
    return best if most else None


@lru_cache(maxsize=65_536)  # a stem takes 18 µs, and captions share their words
def _stem(word: str) -> str:
    return str(_ENGLISH.stemmer.stemWord(word))


def _is_han(word: str) -> bool:
    found = RUNS.match(word)
    return found is not None and bool(found["han"])


class _English(threading.local):
    """A stemmer for each thread: it keeps the word that it works on in itself."""

    def __init__(self) -> None:
        self.stemmer = snowballstemmer.stemmer("english")


_ENGLISH = _English()
