"""Picture, caption, words and marks of a candidate -> one score, a confidence, each part's share.

The evidence adds up as the logarithm of odds, so a picture without captions is not held to be worse
than one with captions: it has only its picture to speak for it, which then says more.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from search.records import Ids, Scores


@dataclass(frozen=True, slots=True)
class Weights:
    """What evidence counts, per deviation above chance; constants with and without captions.

    `words` is for each natural logarithm of a word's rarity, as BM25 weighs it, `every_word` for
    finding all that was asked for. Below `even` the odds are against; `steepness` is how fast.
    """

    bare: float
    bare_constant: float
    picture: float
    caption: float
    constant: float
    words: float
    every_word: float
    even: float
    steepness: float


# Both were fitted on 250 photographs that the built-in pair was not trained on, asked for by
# captions that were not indexed, in English and Chinese. docs/relevance.md has what each gains.

# So that the right picture is the likeliest of all, a softmax over the collection, each half of the
# photographs without captions in turn: this puts them in order. Encoders know no names, and
# photographs of Flickr8k have none to learn from: `every_word` is a choice, which a test with a
# made-up name holds.
ORDER = Weights(3.19, -9.00, 1.43, 1.55, -10.11, 0.050, 3.0, even=-1.07, steepness=1.34)

# Picture by picture, right or wrong: this tells how sure each is, and held pictures without
# captions back when it put them in order. By captions and by single words, against 40 things that
# none of them shows: from `even` on it is likelier than not that the best one shows what was asked.
SURE = Weights(2.45, -8.88, 1.10, 1.41, -10.11, 0.097, 4.0, even=-2.40, steepness=1.67)

FROM_COVERAGE = 0.5


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


def of_picture_alone(above: Scores, by: Weights = SURE) -> Scores:
    """The evidence for pictures (n,) of which nothing but the picture may speak."""
    return np.float32(by.bare) * above + np.float32(by.bare_constant)


def log_odds(
    found: Evidence, told: float = 1.0, by: Weights = ORDER
) -> tuple[Scores, NDArray[np.float32]]:
    """The evidence for each candidate (n,), and the parts that make it up (n, 4), constants apart.

    The parts are the picture's, the captions', the words' and the marks'. `told` is the part of the
    query that is words: captions speak for that part, and pictures alone for the rest.
    """
    heard = np.where(np.isnan(found.caption_above), 0, told).astype(np.float32)
    words = by.words * found.words + _bonus(found.coverage, by)
    parts = np.stack(
        [
            (by.picture * heard + by.bare * (1 - heard)) * found.picture_above,
            by.caption * heard * np.nan_to_num(found.caption_above),
            np.where(found.words > 0, told * words, 0),
            by.bare * found.marks_above,  # marks are about pictures, whoever has captions
        ],
        axis=1,
    ).astype(np.float32)
    odds: Scores = parts.sum(axis=1) + by.constant * heard + by.bare_constant * (1 - heard)
    return odds, parts


def sureness(odds: Scores, by: Weights) -> Scores:
    """Odds between 0 and 1: a relevance by what orders, a confidence by what tells how sure."""
    found: Scores = 1 / (1 + np.exp(-by.steepness * (odds - by.even)))
    return found


def shares(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each part's share in what speaks for the candidates: (n, 4), rows that add up to 1."""
    speaking = np.maximum(parts, 0)
    total = speaking.sum(axis=1, keepdims=True)
    # Where nothing speaks for a candidate, its picture is nearest.
    alone = np.eye(parts.shape[1], dtype=np.float32)[[0]]
    return np.where(total > 0, speaking / np.where(total > 0, total, 1), alone)


def _bonus(coverage: Scores, by: Weights) -> Scores:
    over: Scores = np.maximum(coverage - FROM_COVERAGE, 0) / (1 - FROM_COVERAGE)
    return (by.every_word * over).astype(np.float32)
