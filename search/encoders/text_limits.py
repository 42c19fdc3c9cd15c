"""Texts before any tokenizer: made encodable, in usual letters, and cut to a limit."""

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import regex

from search.text.characters import whole

CHARACTERS_PER_TOKEN = 32
"""Texts are cut here first: no language needs so many, and tokenizers are slow on long words."""


# Letters and digits in forms that no tokenizer was trained on: full and half width, as input
# methods of Chinese and Japanese type them, mathematical alphabets, ligatures, the shapes of Arabic
# letters. Characters between two such letters go with them. All else is unchanged, as every tower
# was trained with it: Chinese commas are of full width, "…" and "½" are compatibility forms as
# well, and so is a vowel of Thai.
_ODD = (
    r"\p{dt=Wide}\p{dt=Narrow}\p{dt=Font}\p{dt=Isolated}\p{dt=Initial}\p{dt=Medial}\p{dt=Final}"
    r"\uFB00-\uFB06"
)
_ODD_LETTER = rf"[[{_ODD}]&&[\p{{L}}\p{{Nd}}]]"
ODD_LETTERS = regex.compile(rf"(?V1){_ODD_LETTER}(?:[{_ODD}]*{_ODD_LETTER})*")


def encodable(text: str) -> str:
    """Return a text that tokenizers know.

    Halves of a surrogate pair are joined, and a lone one becomes U+FFFD. Marks are composed with
    their letters, and letters get their usual forms.
    """
    return text if text.isascii() else usual_letters(whole(text))


def usual_letters(text: str) -> str:
    """Return a text with its letters and digits in their usual forms: ｄｏｇ as dog, ﾈｺ as ネコ."""
    usual = ODD_LETTERS.sub(lambda odd: unicodedata.normalize("NFKC", odd[0]), text)
    return unicodedata.normalize("NFC", usual)


def clip_text(text: str, context: int) -> str:
    """Return the text in one line of single spaces, cut to what `context` tokens can hold."""
    return " ".join(encodable(text).split())[: CHARACTERS_PER_TOKEN * context]


def longest(text: str, fits: Callable[[str], bool]) -> int:
    """Return the length of the longest beginning of a text that fits."""
    if fits(text):
        return len(text)
    low, over = 0, len(text)
    while over - low > 1:
        middle = (low + over) // 2
        if fits(text[:middle]):
            low = middle
        else:
            over = middle
    return low


def longest_by_tokens(text: str, tokens: Callable[[Sequence[str]], Any]) -> int:
    """Return the result of `longest` for tokenizers without a count: a full one ignores more words.

    `tokens` returns an array for each of the texts, of one length.
    """

    def fits(part: str) -> bool:
        alone, longer = tokens([part, f"{part} a"])
        return not bool((alone == longer).all())

    return longest(text, fits)
