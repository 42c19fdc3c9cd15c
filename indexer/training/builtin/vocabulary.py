"""The text tower's tokens: pretrained English word pieces, and added Chinese words."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer
from tokenizers.models import Unigram
from tokenizers.trainers import UnigramTrainer

HAN = re.compile(r"[㐀-䶿一-鿿]+")
"""Runs of Chinese characters; the word-piece tokenizer takes each of them apart."""

WORDS = 4000
"""Pieces that the unigram trainer proposes; about two thirds of them are words that stay."""

LONGEST_WORD = 4
"""Characters of a word that is one token."""


def chinese_words(sentences: Iterable[str], extra: Iterable[str] = ()) -> list[str]:
    """Find words of 2 to 4 characters in Chinese sentences, by a unigram language model.

    `extra` words stay whatever their count. Source: Kudo 2018, "Subword Regularization".
    """
    runs = [run for sentence in sentences for run in HAN.findall(sentence)]
    unigram = Tokenizer(Unigram())
    trainer = UnigramTrainer(
        vocab_size=WORDS,
        max_piece_length=LONGEST_WORD,
        show_progress=False,
        unk_token="?",  # noqa: S106 - a token of text
        special_tokens=["?"],
    )
    unigram.train_from_iterator(runs, trainer)
    counts = Counter(piece for run in runs for piece in unigram.encode(run).tokens)
    words = {piece for piece, count in counts.items() if count >= 5 and is_word(piece)}
    return sorted(words | {word for word in extra if len(word) > 1})


def is_word(text: str) -> bool:
    """Return whether a name is a word and no phrase."""
    return 1 < len(text) <= LONGEST_WORD and "的" not in text and bool(HAN.fullmatch(text))


def extend_tokenizer(
    start: Path, sentences: Sequence[str], words: Sequence[str], positions: int
) -> Tokenizer:
    """Return the tokenizer of `start` with the characters of Chinese `sentences` and `words` added.

    Words are matched, longest first, before all other steps on the text; the rest goes through
    BERT's own steps, where a character that is in no vocabulary becomes [UNK].
    """
    document = json.loads(start.read_text(encoding="utf-8"))
    document["padding"] = None
    document["truncation"] = None
    vocabulary: dict[str, int] = document["model"]["vocab"]
    characters = {
        character for text in (*sentences, *words) for character in "".join(HAN.findall(text))
    }
    for character in sorted(characters - vocabulary.keys()):
        vocabulary[character] = len(vocabulary)
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.add_tokens([AddedToken(word, normalized=False) for word in words])
    tokenizer.enable_truncation(positions)
    return tokenizer


def without_words(tokenizer: Tokenizer) -> Tokenizer:
    """Return the tokenizer without the added words, so that a Chinese character is one token."""
    document = json.loads(tokenizer.to_str())
    document["added_tokens"] = [token for token in document["added_tokens"] if token["special"]]
    return Tokenizer.from_str(json.dumps(document))


def aligned_rows(
    parallel: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    rows: NDArray[np.float32],
    new: NDArray[np.bool_],
    iterations: int = 6,
) -> NDArray[np.float32]:
    """Start each new token's row as the mean of the English tokens it translates.

    `parallel` holds (English ids, Chinese ids) of sentences that say the same; `rows` is the
    (vocabulary, width) table; those marked in `new` are overwritten where a translation is found.
    Source: Brown et al. 1993, IBM Model 1 (here p(English | Chinese), by expectation maximisation).
    """
    size = rows.shape[0]
    both = [
        (
            np.repeat(zh, len(en)),
            np.tile(en, len(zh)),
            np.tile(np.arange(len(en)), len(zh)),
            len(en),
        )
        for en, zh in parallel
        if len(en) and len(zh)
    ]
    offsets = np.cumsum([0] + [length for *_, length in both])
    place = np.concatenate(
        [slots + offset for (_, _, slots, _), offset in zip(both, offsets, strict=False)]
    )
    keys = np.concatenate([zh.astype(np.int64) * size + en for zh, en, _, _ in both])
    pairs, link = np.unique(keys, return_inverse=True)
    chinese, english = pairs // size, pairs % size
    likely: NDArray[np.float64] = np.ones(len(pairs))
    for _ in range(iterations):
        share: NDArray[np.float64] = likely[link]
        share /= np.bincount(place, share, offsets[-1])[place]
        weight = np.bincount(link, share, len(pairs)).astype(np.float64)
        likely = weight / np.bincount(chinese, weight, size)[chinese]
    likely = np.where(likely < 0.05, 0.0, likely)
    totals = np.zeros_like(rows)
    np.add.at(totals, chinese, (likely[:, None] * rows[english]).astype(np.float32))
    length = np.linalg.norm(rows[~new][1000:], axis=1).mean()
    lengths = np.linalg.norm(totals, axis=1)
    mask = new & (lengths > 0)
    output = rows.copy()
    output[mask] = totals[mask] * (length / lengths[mask])[:, None]
    return output
