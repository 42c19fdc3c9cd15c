"""Picture, caption, words and marks of a candidate -> one score, a confidence, each part's share.

The evidence adds up as the logarithm of odds, so a picture without captions is not held to be worse
than one with captions: it has only its picture to speak for it, which then says more.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from search.records import Ids, Scores

# Fitted so that the right picture is the likeliest of all (a softmax over the collection), on 250
# photographs that the built-in pair was not trained on, asked for by captions that were not
# indexed, in English and Chinese, each half of them without captions in turn. Fitted one by one,
# pictures without captions were held to be worse than they are: docs/relevance.md has both.
BARE = (2.81, -8.16)  # per deviation above chance, and the constant, where there are no captions
PICTURE, CAPTION, CONSTANT = 1.00, 1.86, -10.11  # where there are
WORDS = 0.074  # for each natural logarithm of a word's rarity, as BM25 weighs it

# Encoders know no names, and photographs of Flickr8k have none to learn from. What is asked for by
# a word that few captions have, and found, is the answer: a test with a made-up name holds this.
EVERY_WORD = 3.0
FROM_COVERAGE = 0.5

# The same photographs, by captions and by single words, against 40 things that none of them shows:
# from here on it is likelier than not that the best one shows what was asked.
CONFIDENT_FROM = -1.15
STEEPNESS = 1.31


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for each of n candidates; NaN where there is nothing of that kind.

    Cosines and their deviations above chance (n,), the place of the caption that is nearest (n,),
    the words' BM25 (n,), how much of the query's words are found, from 0 to 1 (n,), and the cosine
    with where marks lead and its weighed deviations above chance (n,), zeros where none were made.
    """

    ids: Ids
    picture: Scores
    picture_above: Scores
    caption: Scores
    caption_above: Scores
    caption_ids: Ids
    words: Scores
    coverage: Scores
    marks: Scores
    marks_above: Scores

    def in_order(self, order: Ids) -> "Evidence":
        """The candidates in another order."""
        return Evidence(*(getattr(self, each.name)[order] for each in fields(self)))


def of_picture_alone(above: Scores) -> Scores:
    """The evidence for pictures (n,) of which nothing but the picture may speak."""
    return np.float32(BARE[0]) * above + np.float32(BARE[1])


def log_odds(found: Evidence, told: float = 1.0) -> tuple[Scores, NDArray[np.float32]]:
    """The evidence for each candidate (n,), and the parts that make it up (n, 4), constants apart.

    The parts are the picture's, the captions', the words' and the marks'. `told` is the part of the
    query that is words: captions speak for that part, and pictures alone for the rest.
    """
    heard = np.where(np.isnan(found.caption_above), 0, told).astype(np.float32)
    worded = found.words > 0
    parts = np.stack(
        [
            (PICTURE * heard + BARE[0] * (1 - heard)) * found.picture_above,
            CAPTION * heard * np.nan_to_num(found.caption_above),
            np.where(worded, told * (WORDS * found.words + _bonus(found.coverage)), 0),
            BARE[0] * found.marks_above,  # marks are about pictures, whoever has captions
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
    """Each part's share in what speaks for the candidates: (n, 4), rows that add up to 1."""
    speaking = np.maximum(parts, 0)
    total = speaking.sum(axis=1, keepdims=True)
    # Where nothing speaks for a candidate, its picture is nearest.
    alone = np.eye(parts.shape[1], dtype=np.float32)[[0]]
    return np.where(total > 0, speaking / np.where(total > 0, total, 1), alone)


def _bonus(coverage: Scores) -> Scores:
    over: Scores = np.maximum(coverage - FROM_COVERAGE, 0) / (1 - FROM_COVERAGE)
    return (EVERY_WORD * over).astype(np.float32)
