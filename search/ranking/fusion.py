"""Fusion of the scores of all signals into a relevance, a confidence and each signal's share.

The evidence adds up as log odds. A picture without captions is not ranked below one with captions
for that reason: its picture is its only evidence, and counts for more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.query.records import SignalName
from search.records import Ids, Scores


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """The weight of each signal, per unit of strength; constants with and without captions.

    `bare` is the picture's weight without captions. `words` is for each unit of BM25,
    `every_word` for a caption with all words of the query. At log odds of `even` the probability is
    0.5; `steepness` is its slope there.
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


# Both were fitted on 250 photographs that the built-in pair was not trained on, searched by
# captions that were not indexed, in English and Chinese. docs/relevance.md has the gain of each.

# Fitted so that the right picture is the likeliest, by a softmax over the collection, each half
# of the photographs without captions in turn: this ranks pictures. Encoders know no names, and
# photographs of Flickr8k have none to learn from: `every_word` is a choice, which a test with a
# made-up name checks.
RELEVANCE = FusionWeights(3.19, -9.00, 1.43, 1.55, -10.11, 0.050, 3.0, even=-1.07, steepness=1.34)

# Fitted picture by picture, right or wrong: this gives the confidence, and would rank pictures
# without captions too low. By captions and by single words, against 40 things that no picture
# shows: from `even` on it is more likely than not that the best picture shows the query.
CONFIDENCE = FusionWeights(2.45, -8.88, 1.10, 1.41, -10.11, 0.097, 4.0, even=-2.40, steepness=1.67)

FROM_COVERAGE = 0.5


@dataclass(frozen=True, slots=True)
class SignalScores:
    """The scores of n candidates by one signal.

    `score` (n,) is the score that a match shows. `strength` (n,) is what the weights multiply, like
    a z-score; NaN where a candidate lacks the signal. `caption_places` (n,) are the places of
    the captions that match among their picture's, -1 without one.
    """

    score: Scores
    strength: Scores
    caption_places: Ids | None = None

    def in_order(self, order: Ids) -> "SignalScores":
        """Return the scores of the candidates in another order."""
        places = self.caption_places
        return SignalScores(
            self.score[order], self.strength[order], None if places is None else places[order]
        )


@dataclass(frozen=True, slots=True)
class CaptionShares:
    """The share of a query that captions answer: `share` (n,) of each candidate, `text` at most.

    `text` is the part of the query that is words; the rest is ranked by pictures alone, like
    a candidate without captions, whose share is 0.
    """

    share: Scores
    text: float


Part = Callable[[SignalScores, CaptionShares, FusionWeights], NDArray[np.float32]]
"""A signal's part (n,) in the log odds of the candidates."""


def picture_log_odds(z_scores: Scores, weights: FusionWeights = CONFIDENCE) -> Scores:
    """Return the log odds (n,) of pictures by their z-scores alone."""
    return np.float32(weights.bare) * z_scores + np.float32(weights.bare_constant)


def log_odds(
    signals: Mapping[SignalName, SignalScores],
    text_share: float = 1.0,
    weights: FusionWeights = RELEVANCE,
) -> tuple[Scores, NDArray[np.float32]]:
    """Return the log odds (n,) of the candidates, and the part of each signal (n, signals).

    The constants are in no part. `text_share` is the part of the query that is words.
    """
    without = np.isnan(signals["caption"].strength)
    caption_shares = CaptionShares(np.where(without, 0, text_share).astype(np.float32), text_share)
    parts = np.stack(
        [PARTS[name](scores, caption_shares, weights) for name, scores in signals.items()], axis=1
    ).astype(np.float32)
    share = caption_shares.share
    odds: Scores = (
        parts.sum(axis=1) + weights.constant * share + weights.bare_constant * (1 - share)
    )
    return odds, parts


def probability(odds: Scores, weights: FusionWeights) -> Scores:
    """Return log odds as a number from 0 to 1: the relevance or the confidence of its weights."""
    share: Scores = 1 / (1 + np.exp(-weights.steepness * (odds - weights.even)))
    return share


def shares(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each signal's share in the evidence for the candidates: rows that add up to 1."""
    positive = np.maximum(parts, 0)
    total = positive.sum(axis=1, keepdims=True)
    # A candidate without any evidence was proposed for its picture: the first signal.
    first = np.eye(parts.shape[1], dtype=np.float32)[[0]]
    return np.where(total > 0, positive / np.where(total > 0, total, 1), first)


def _picture(
    scores: SignalScores, caption_shares: CaptionShares, weights: FusionWeights
) -> NDArray[np.float32]:
    share = caption_shares.share
    part: Scores = (weights.picture * share + weights.bare * (1 - share)) * scores.strength
    return part


def _caption(
    scores: SignalScores, caption_shares: CaptionShares, weights: FusionWeights
) -> NDArray[np.float32]:
    part: Scores = weights.caption * caption_shares.share * np.nan_to_num(scores.strength)
    return part


def _words(
    scores: SignalScores, caption_shares: CaptionShares, weights: FusionWeights
) -> NDArray[np.float32]:
    over = np.maximum(scores.score - FROM_COVERAGE, 0) / (1 - FROM_COVERAGE)
    words = weights.words * scores.strength + (weights.every_word * over).astype(np.float32)
    return np.where(scores.strength > 0, caption_shares.text * words, 0)


def _marks(
    scores: SignalScores, caption_shares: CaptionShares, weights: FusionWeights
) -> NDArray[np.float32]:
    part: Scores = weights.bare * scores.strength  # marks are about pictures, captioned or not
    return part


PARTS: Mapping[SignalName, Part] = {
    "picture": _picture,
    "caption": _caption,
    "words": _words,
    "marks": _marks,
}
