"""The words by which captions are found: stems, and pieces in scripts without blanks.

Captions and queries go through the same functions, so both databases can match plain strings.
"""

import math
import threading
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import regex
import snowballstemmer

from search.records import Caption

# Runs of letters with the marks on them (UAX 29, rule WB4), by the Unicode properties of the
# `regex` library, which follows each version of Unicode. A run has one script: "2只狗", "穿T恤"
# and "iPhone으로" are written without a blank and are not one word. Digits belong to Latin words
# alone (mp3, 35mm), as counts come right before the words of other scripts.
RUNS = regex.compile(
    r"""(?xV1)
    (?P<han>    (?: \p{Han} \p{M}* )+ )
  | (?P<kana>   (?: \p{Hiragana} \p{M}* ) (?: [\p{Hiragana}ー] \p{M}* )* )
  | (?P<kana>   (?: \p{Katakana} \p{M}* ) (?: [\p{Katakana}ー] \p{M}* )* )
  | (?P<hangul> (?: \p{Hangul} \p{M}* )+ )
  | (?P<thai>   (?: [\p{L}&&\p{Line_Break=Complex_Context}] \p{M}* )+ )
  | (?P<sign>   \p{Regional_Indicator}{2} | [\p{Extended_Pictographic}--[\p{L}\p{N}]] )
  | (?P<word>   (?: [\p{Latin}\p{Greek}\p{N}ʰ-˿] \p{M}* )+ )
  | (?P<word>   (?: [\p{L}--[\p{Latin}\p{Greek}ー]--\p{Line_Break=Complex_Context}
                    --[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]] \p{M}* )+ )
    """
)

# Scripts that put no blanks between words, or, as Korean, none between a word and its particles.
# Runs of them become their overlapping pieces of up to so many letters, which need no dictionary
# and find a word at any place. A pair of Han characters is about a word; a pair of Thai, Lao,
# Khmer or Burmese letters is in too many words to distinguish them.
PIECES = {"han": 2, "kana": 2, "hangul": 2, "thai": 3}

# A letter with the marks on it. Not `\X`, whose rules change between versions of Unicode: the words
# in a database would no longer be those of its queries.
LETTERS = regex.compile(r"\P{M}\p{M}*")

LETTER = regex.compile(r"[^\W\d_]")

# Invisible: soft hyphens, joiners, variation selectors, marks of direction.
IGNORED = regex.compile(r"\p{Default_Ignorable_Code_Point}+")

# Arabic and Hebrew are mostly written without these, and stretched freely. They are removed
# after letters are composed with their marks.
OPTIONAL = regex.compile(r"(?<=[\p{Arabic}\p{Hebrew}\p{Syriac}]\p{M}*)\p{M}|ـ")

# Words of nearly every caption, which do not describe a picture.
EMPTY_ENGLISH = (
    "a an and are as at be by for from has have he her his in into is it its of on or she that the "
    "their there they this to was were which while who with"
)
EMPTY_CHINESE = "的了着在是和与一个上中里有被地得"
# One hiragana by itself is a particle or an ending.
EMPTY_JAPANESE = "".join(map(chr, range(ord("ぁ"), ord("ゖ") + 1)))
EMPTY = frozenset([*EMPTY_ENGLISH.split(), *EMPTY_CHINESE, *EMPTY_JAPANESE])

# A longer run is not a word: an address, a hash, a text without spaces.
LONGEST_WORD = 40

MAX_QUERY_WORDS = 32
"""What a query asks for at most; what is past them is left out, the vectors still see it."""

# BM25's usual constants (Robertson and Zaragoza 2009): how soon repetitions of a word stop
# counting, and how much long captions are penalized.
K1, B = 1.2, 0.75


def describes(text: str) -> bool:
    """Return whether a caption has words: it is not IMG_1234, nor a camera's fixed text."""
    letters = LETTER.findall(text)
    return len(letters) > 2 and len(letters) > len(text) / 2 and not text.isupper()


def words_of(text: str) -> list[str]:
    """Return the words of a caption, in order, repetitions included."""
    words: list[str] = []
    for run in RUNS.finditer(readable(text)):
        words += word_pieces(run, shortest=1) if run.lastgroup in PIECES else _word(run[0])
    return words


def query_words(text: str) -> tuple[str, ...]:
    """Return the words of a query, each once, and of pieces the longest alone."""
    words: list[str] = []
    for run in RUNS.finditer(readable(text)):
        if run.lastgroup in PIECES:
            words += word_pieces(run, shortest=PIECES[run.lastgroup])
        else:
            words += _word(run[0])
    return tuple(dict.fromkeys(words))[:MAX_QUERY_WORDS]


def found_in(text: str, words: Iterable[str]) -> tuple[str, ...]:
    """Return the words of a text that are among those `words`, each once, as they are written."""
    targets = set(words)
    matches: list[str] = []
    for run in RUNS.finditer(readable(text)):
        if run.lastgroup in PIECES:
            pieces = sorted(word_pieces(run, shortest=1), key=len, reverse=True)
            matches += [piece for piece in pieces if piece in targets]
        elif not targets.isdisjoint(_word(run[0])):
            matches.append(run[0])
    return tuple(dict.fromkeys(matches))


def rarity(frequency: int, pictures: int) -> float:
    """Return the rarity of a word: the logarithm of how rare it is among so many pictures."""
    pictures = max(pictures, frequency)
    return math.log((pictures - frequency + 0.5) / (frequency + 0.5) + 1)


def words_score(
    rarities: Mapping[str, float], caption_words: Sequence[str], usual_length: float
) -> tuple[float, float]:
    """Score the words of a picture's captions against a query's words: (BM25, coverage).

    First come the captions' words; `rarities` has each query word's; `usual_length` is the mean
    number of words of a picture. Coverage is the matched part of the rarities' sum, 0 to 1.
    """
    drag = K1 * (1 - B + B * len(caption_words) / max(usual_length, 1.0))
    counts = {word: caption_words.count(word) for word in rarities}
    matches = {word: count for word, count in counts.items() if count}
    score = sum(
        rarities[word] * count * (K1 + 1) / (count + drag) for word, count in matches.items()
    )
    total = sum(rarities.values())
    return score, (sum(rarities[word] for word in matches) / total if total else 0.0)


def best_caption(words: Sequence[str], captions: Iterable[Caption]) -> Caption | None:
    """Return the caption with most of the query's words; None if none has any."""
    targets = set(words)
    counts = [(len(targets & set(words_of(caption.text))), caption) for caption in captions]
    most, best = max(counts, key=lambda pair: pair[0], default=(0, None))
    return best if most else None


def readable(text: str) -> str:
    """Return a text without invisible characters, letters in usual forms, case unchanged."""
    return text if text.isascii() else unicodedata.normalize("NFKC", IGNORED.sub("", text))


def word_pieces(run: "regex.Match[str]", shortest: int) -> list[str]:
    """Return the pieces of a run of letters from `shortest` letters on, short ones first.

    A run that is shorter is its own only piece.
    """
    letters = LETTERS.findall(run[0])
    longest = min(PIECES[run.lastgroup], len(letters))
    return [
        piece
        for length in range(min(shortest, longest), longest + 1)
        for start in range(len(letters) - length + 1)
        if (piece := "".join(letters[start : start + length])) not in EMPTY
    ]


@lru_cache(maxsize=65_536)  # a stem takes 18 µs, and captions share their words
def _word(run: str) -> tuple[str, ...]:
    """Return the word by which a run of letters is found; none for a stop word."""
    word = unicodedata.normalize("NFKC", run.casefold())
    if not word.isascii():
        # İ is i with a dot above after case folding.
        word = OPTIONAL.sub("", word).replace("i\u0307", "i")
    if word in EMPTY or not word:
        return ()
    return (stem_of(word[:LONGEST_WORD]),)


def stem_of(word: str) -> str:
    """Return the English stem of a word in small letters; of other languages mostly the word."""
    return str(_ENGLISH.stemmer.stemWord(word))


class _English(threading.local):
    """A stemmer for each thread: it stores its current word in itself."""

    def __init__(self) -> None:
        self.stemmer = snowballstemmer.stemmer("english")


_ENGLISH = _English()
