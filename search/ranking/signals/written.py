"""The score of pictures by words that are written: in them, or in their names."""

import numpy as np

from search.ranking.asked_words import WordMatches
from search.ranking.context import Candidates, SearchContext
from search.ranking.fusion import SignalScores
from search.ranking.signals.picture import BARE_WEIGHT, PictureSignal


def score_written(
    context: SearchContext, candidates: Candidates, matches: WordMatches, weight: float
) -> SignalScores:
    """Score by the matched share of the words; the strength is from 0 to 1, and more.

    A page does not look like what is written on it, nor a picture like its album's name: the looks
    of such a picture count for it, never against. What they take, as log odds, is added to the
    strength in units of the signal's `weight` for the relevance; all of it from a strength of 0.5.
    """
    coverage, strength = np.zeros((2, len(candidates.ids)), np.float32)
    if not matches:
        return SignalScores(coverage, strength)
    for row, picture_id in enumerate(candidates.ids.tolist()):
        if (match := matches.get(picture_id)) is not None:
            coverage[row], strength[row] = match.coverage, match.strength
    lost = np.maximum(-PictureSignal().score(context, candidates).strength, 0)
    excuse = np.float32(BARE_WEIGHT["relevance"] / weight) * lost * np.minimum(1, 2 * strength)
    return SignalScores(coverage, strength + excuse)
