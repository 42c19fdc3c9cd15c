"""Picture, caption and words of a candidate -> one score, a confidence, and each part's share.

The evidence adds up as the logarithm of odds, so a picture without captions is not held to be worse
than one with captions: it has only its picture to speak for it, which then says more.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from search.records import Ids, Scores

# A logistic regression on 250 photographs that the built-in pair was not trained on, asked for by
# captions that were not indexed, in English and Chinese, with one and with three captions indexed
# for all and for half of them: docs/relevance.md has what it gains. Per deviation above chance:
BARE = (2.45, -8.88)  # the picture, and the constant, where there are no captions
PICTURE, CAPTION, CONSTANT = 1.10, 1.41, -10.11  # where there are
WORDS = 0.097  # for each natural logarithm of a word's rarity, as BM25 weighs it

# Encoders know no names, and photographs of Flickr8k have none to learn from. What is asked for by
# a word that few captions have, and found, is the answer: a test with a made-up name holds this.
EVERY_WORD = 4.0
FROM_COVERAGE = 0.5

# The same photographs, by captions and by single words, against 40 things that none of them shows:
# from here on it is likelier than not that the best one shows what was asked.
CONFIDENT_FROM = -3.09
STEEPNESS = 1.56


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for each of n candidates; NaN where there is nothing of that kind.

    Cosines and their deviations above chance (n,), the place of the caption that is nearest (n,),
    the words' BM25 (n,) and how much of the query's words are found, from 0 to 1 (n,).
    """

    ids: Ids
    picture: Scores
    picture_above: Scores
    caption: Scores
    caption_above: Scores
    caption_ids: Ids
    words: Scores
    coverage: Scores

    def in_order(self, order: Ids) -> "Evidence":
        """The candidates in another order."""
        return Evidence(*(getattr(self, each.name)[order] for each in fields(self)))


def of_picture_alone(above: Scores) -> Scores:
    """The evidence for pictures (n,) of which nothing but the picture may speak."""
    return np.float32(BARE[0]) * above + np.float32(BARE[1])


def log_odds(found: Evidence, told: float = 1.0) -> tuple[Scores, NDArray[np.float32]]:
    """The evidence for each candidate (n,), and the parts that make it up (n, 3), constants apart.

    The parts are the picture's, the captions' and the words'. `told` is the part of the query that
    is words: captions speak for that part, and pictures alone for the rest.
    """
    heard = np.where(np.isnan(found.caption_above), 0, told).astype(np.float32)
    worded = found.words > 0
    parts = np.stack(
        [
            (PICTURE * heard + BARE[0] * (1 - heard)) * found.picture_above,
            CAPTION * heard * np.nan_to_num(found.caption_above),
            np.where(worded, told * (WORDS * found.words + _bonus(found.coverage)), 0),
        ],
        axis=1,
    ).astype(np.float32)
    odds: Scores = parts.sum(axis=1) + CONSTANT * heard + BARE[1] * (1 - heard)
    return odds, parts


def confidence(odds: Scores) -> Scores:
    """How sure it is, from 0 to 1, that a picture shows what was asked."""
    sure: Scores = 1 / (1 + np.exp(-STEEPNESS * (odds - CONFIDENT_FROM)))
    return sure


def shares(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each part's share in what speaks for the candidates: (n, 3), rows that add up to 1."""
    speaking = np.maximum(parts, 0)
    total = speaking.sum(axis=1, keepdims=True)
    alone = np.eye(3, dtype=np.float32)[[0]]  # where nothing speaks for it, its picture is nearest
    return np.where(total > 0, speaking / np.where(total > 0, total, 1), alone)


def _bonus(coverage: Scores) -> Scores:
    over: Scores = np.maximum(coverage - FROM_COVERAGE, 0) / (1 - FROM_COVERAGE)
    return (EVERY_WORD * over).astype(np.float32)
