"""Fusion of the scores of all signals into a relevance, a confidence and each signal's share.

The evidence adds up as log odds. A picture without captions is not ranked below one with captions
for that reason: its picture is its only evidence, and counts for more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from search.records import Ids, Scores

# Both fits were made on 250 photographs that the built-in pair was not trained on, searched by
# captions that were not indexed, in English and Chinese, by `python -m benchmarks.fusion`.
#
# The relevance ranks pictures: the right picture is the likeliest, by a softmax over the
# collection, each half of the photographs without captions in turn. It is of the pair's first
# edition; fitted again with the second it is no better on the other half.
#
# The confidence was fitted picture by picture, right or wrong; it would rank pictures without
# captions too low. With captions it is of the second edition: by captions and by single words,
# against absent things and nonsense. Without them it counts where an encoder has no confidence of
# its own, and is of the first: from `even` on it is more likely than not that the best picture
# shows the query.
Fit = Literal["relevance", "confidence"]
"""The purpose of log odds. Every weight was fitted once for each; a signal's are in its file."""


@dataclass(frozen=True, slots=True)
class FusionConstants:
    """The constants of a fit, added to the weighted signals.

    `captioned` is for what captions answer, `bare` for the rest. At log odds of `even` the
    probability is 0.5; `steepness` is its slope there.
    """

    captioned: float
    bare: float
    even: float
    steepness: float


CONSTANTS: Mapping[Fit, FusionConstants] = {
    "relevance": FusionConstants(-10.11, -9.00, even=-1.07, steepness=1.34),
    "confidence": FusionConstants(-6.37, -8.88, even=-2.40, steepness=1.67),
}


SMALLEST = 1e-6
"""The least probability, and its least distance from 1: logarithms need them."""


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

    @classmethod
    def concatenate(cls, parts: "Sequence[SignalScores]") -> "SignalScores":
        """Return the scores of several sets of candidates by the same signal, one after another."""
        places = [part.caption_places for part in parts if part.caption_places is not None]
        return cls(
            np.concatenate([part.score for part in parts]),
            np.concatenate([part.strength for part in parts]),
            np.concatenate(places) if places else None,
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence for n candidates: `log_odds` (n,) of the relevance, and what they add up from.

    `signals` and `shares` (n, signals) are in the order of the tuple of signals. `exclusion` (n,)
    is the probability that a candidate shows excluded words, None without such words.
    """

    log_odds: Scores
    signals: tuple[SignalScores, ...]
    shares: NDArray[np.float32]
    exclusion: Scores | None = None

    def in_order(self, order: Ids) -> "Evidence":
        """Return the evidence for the candidates in another order."""
        signals = tuple(scores.in_order(order) for scores in self.signals)
        exclusion = None if self.exclusion is None else self.exclusion[order]
        return Evidence(self.log_odds[order], signals, self.shares[order], exclusion)

    @classmethod
    def concatenate(cls, parts: "Sequence[Evidence]") -> "Evidence":
        """Return the evidence for several sets of candidates, one after another."""
        signals = zip(*(part.signals for part in parts), strict=True)
        exclusions = [part.exclusion for part in parts if part.exclusion is not None]
        return cls(
            np.concatenate([part.log_odds for part in parts]),
            tuple(SignalScores.concatenate(scores) for scores in signals),
            np.concatenate([part.shares for part in parts]),
            np.concatenate(exclusions) if exclusions else None,
        )


@dataclass(frozen=True, slots=True)
class CaptionShares:
    """The share of a query that captions answer: `share` (n,) of each candidate, `text` at most.

    `text` is the part of the query that is words; the rest is ranked by pictures alone, like
    a candidate without captions, whose share is 0.
    """

    share: Scores
    text: float


def captioned_share(caption_strength: Scores, text_share: float) -> CaptionShares:
    """Return the share of a query that captions answer; `text_share` is its part of words."""
    without = np.isnan(caption_strength)
    return CaptionShares(np.where(without, 0, text_share).astype(np.float32), text_share)


def log_odds(parts: NDArray[np.float32], captioned: CaptionShares, fit: Fit) -> Scores:
    """Return the log odds (n,) of the candidates, from each signal's part (n, signals)."""
    constants, share = CONSTANTS[fit], captioned.share
    odds: Scores = parts.sum(axis=1) + constants.captioned * share + constants.bare * (1 - share)
    return odds


def probability(odds: Scores, fit: Fit) -> Scores:
    """Return log odds as a number from 0 to 1: the relevance or the confidence."""
    constants = CONSTANTS[fit]
    share: Scores = 1 / (1 + np.exp(-constants.steepness * (odds - constants.even)))
    return share


def scale_probability(odds: Scores, factors: Scores) -> Scores:
    """Return log odds (n,) of relevances that are multiplied by `factors` (n,), from 0 to 1."""
    constants = CONSTANTS["relevance"]
    logarithm = -np.logaddexp(0, -constants.steepness * (odds - constants.even))
    logarithm += np.log(np.maximum(factors, SMALLEST))
    logit = logarithm - np.log(-np.expm1(np.minimum(logarithm, -SMALLEST)))
    result: Scores = (logit / constants.steepness + constants.even).astype(np.float32)
    return result


def more_probable(probabilities: Scores, odds: Scores, fit: Fit) -> Scores:
    """Return probabilities (n,) with further log odds (n,) added to them."""
    inner = np.clip(probabilities, SMALLEST, 1 - SMALLEST)
    total: Scores = 1 / (1 + (1 - inner) / inner * np.exp(-CONSTANTS[fit].steepness * odds))
    return np.where(odds == 0, probabilities, total).astype(np.float32)


def shares(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each signal's share in the evidence for the candidates: rows that add up to 1."""
    positive = np.maximum(parts, 0)
    total = positive.sum(axis=1, keepdims=True)
    # A candidate without any evidence was proposed for its picture: the first signal.
    first = np.eye(parts.shape[1], dtype=np.float32)[[0]]
    return np.where(total > 0, positive / np.where(total > 0, total, 1), first)
