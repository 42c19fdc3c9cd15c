"""The words that a pair knows: whole tokens of its vocabulary, and words of its training texts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby

import numpy as np
import regex
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from search.text.analysis import EMPTY, words_of

UNKNOWN_TOKEN = "[UNK]"  # noqa: S105 - a token of text
INSIDE_WORD = "##"

HAN = regex.compile(r"\p{Han}")
LATIN = regex.compile(r"[a-z]+")

MOST_COMMON = 15

SHORTEST_TOKEN = 3
"""Letters of a token that counts as a word: shorter ones are also pieces of codes and typing."""


@dataclass(frozen=True, slots=True)
class WordsRead:
    """The words of a text that are known, that are unknown, and that mean nothing alone.

    `rare` are the known words that no caption of training pictures has.
    """

    known: tuple[str, ...]
    unknown: tuple[str, ...]
    empty: tuple[str, ...]
    rare: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class KnownWords:
    """The words that a pair has learned, besides those that are tokens of English words.

    `stems` and Chinese `characters` are of any training text. `commonness` (tokens,) is for each
    token of the vocabulary log2(1 + n), rounded and at most 15, where n captions of training
    pictures have it.
    """

    stems: frozenset[str]
    characters: frozenset[str]
    commonness: NDArray[np.uint8]

    def read(self, text: str, encoding: Encoding, tokenizer: Tokenizer) -> WordsRead:
        """Divide a text's words by its tokens; digits and signs are no words."""
        parts: dict[str, list[str]] = {"known": [], "unknown": [], "empty": [], "rare": []}
        end, last = -1, ""
        for word, tokens, start in _words(text, encoding):
            kind = self._kind(word, tokens, tokenizer)
            if kind == last == "unknown" and start == end and HAN.match(word):
                parts[kind][-1] += word  # of a run that is not divided into words
            elif kind:
                parts[kind].append(word)
            if kind == "known" and not self.commonness[_ids(tokens, tokenizer)].any():
                parts["rare"].append(word)
            end, last = start + len(word), kind
        return WordsRead(*(tuple(dict.fromkeys(parts[kind])) for kind in parts))

    def _kind(self, word: str, tokens: Sequence[str], tokenizer: Tokenizer) -> str:
        if not any(map(str.isalpha, word)):
            return ""
        if word.casefold() in EMPTY:
            return "empty"
        if HAN.search(word):
            is_known = UNKNOWN_TOKEN not in tokens and self.characters.issuperset(HAN.findall(word))
            return "known" if is_known else "unknown"
        if is_english_token(tokens) or _is_compound(tokens, tokenizer):
            return "known"
        if len(word) == 1:
            return "empty"
        stems = words_of(word)
        return "known" if stems and self.stems.issuperset(stems) else "unknown"


def known_words(
    captions: Iterable[str], other_texts: Iterable[str], tokenizer: Tokenizer
) -> KnownWords:
    """Collect the known words of a pair with this tokenizer from its training texts.

    `captions` are those of pictures.
    """
    counts = np.zeros(tokenizer.get_vocab_size(), np.int64)
    caption_list = list(captions)
    for encoding in tokenizer.encode_batch(caption_list, add_special_tokens=False):
        counts[list(set(encoding.ids))] += 1
    stems: set[str] = set()
    characters: set[str] = set()
    word_set: set[str] = set()
    for text in chain(caption_list, other_texts):
        characters.update(HAN.findall(text))
        encoding = tokenizer.encode(text, add_special_tokens=False)
        for word, tokens, _ in _words(text, encoding):
            if word not in word_set and not HAN.search(word) and any(map(str.isalpha, word)):
                word_set.add(word)
                if len(word) > 1 and not is_english_token(tokens):
                    stems.update(words_of(word))
    commonness = np.minimum(np.round(np.log2(1 + counts)), MOST_COMMON).astype(np.uint8)
    return KnownWords(frozenset(stems), frozenset(characters), commonness)


def is_english_token(tokens: Sequence[str]) -> bool:
    """Return whether a word is one token of Latin letters, which the text tower knows."""
    return (
        len(tokens) == 1
        and len(tokens[0]) >= SHORTEST_TOKEN
        and LATIN.fullmatch(tokens[0]) is not None
    )


def _is_compound(tokens: Sequence[str], tokenizer: Tokenizer) -> bool:
    """Return whether the pieces of a word are words: `snow` and `##board`, not `qu` and `##azz`."""
    pieces = [token.removeprefix(INSIDE_WORD) for token in tokens]
    return all(
        is_english_token([piece]) and tokenizer.token_to_id(piece) is not None for piece in pieces
    )


def _ids(tokens: Sequence[str], tokenizer: Tokenizer) -> list[int]:
    return [place for token in tokens if (place := tokenizer.token_to_id(token)) is not None]


def _words(text: str, encoding: Encoding) -> Iterator[tuple[str, Sequence[str], int]]:
    """Yield each word as it is written, with its tokens and its place."""
    token_rows = zip(encoding.tokens, encoding.offsets, encoding.word_ids, strict=True)
    for number, group in groupby(token_rows, key=lambda each: each[2]):
        members = list(group)
        if number is None:  # the tokens at the ends
            continue
        start, end = members[0][1][0], members[-1][1][1]
        yield text[start:end], [token for token, _, _ in members], start
