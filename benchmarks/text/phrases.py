"""Phrases of texts to ask for."""

import random
from collections.abc import Sequence

import regex

from search.text.spelling import asked_words

WORDS = 3
CHARACTERS = 6

HAN = regex.compile(r"\p{Han}+")


def phrase_of(rng: random.Random, lines: Sequence[str]) -> str:
    """Return up to three words, or six characters of Chinese, of one of the lines; or nothing."""
    words = rng.choice(lines).split()
    start = rng.randrange(max(1, len(words) - WORDS + 1))
    phrase = " ".join(words[start : start + WORDS])
    run = max(HAN.findall(phrase), key=len, default="")
    if len(run) > CHARACTERS:
        start = rng.randrange(len(run) - CHARACTERS + 1)
        phrase = run[start : start + CHARACTERS]
    return phrase if asked_words(phrase) else ""
