"""Joining the answers of several spaces: each ranked by its own encoder, ordered by relevance.

The log odds of the relevance come from z-scores, each against the background of its own space, so
those of two encoders have the same scale; cosines do not. No vector leaves its space.
"""

from collections.abc import Sequence

import numpy as np

from search.ranking.candidates import RankFunction, Ranking, rank_by_all_signals, rank_function
from search.ranking.context import SearchContext
from search.ranking.fusion import Evidence, probability


def rank_jointly(contexts: Sequence[SearchContext]) -> RankFunction:
    """Return the function that ranks the candidates of all spaces, or those of the only one."""
    if len(contexts) == 1:
        return rank_function(contexts[0])
    return lambda depth: _join([rank_by_all_signals(each, depth) for each in contexts], depth)


def _join(rankings: Sequence[Ranking], depth: int) -> Ranking:
    """Return the best `depth` of the rankings as one: deeper ones may follow in any of them."""
    ids = np.concatenate([ranking.ids for ranking in rankings])
    evidence = Evidence.concatenate([each.evidence for each in rankings if each.evidence])
    confidences = [each.confidence for each in rankings if each.confidence is not None]
    order = np.lexsort((ids, -evidence.log_odds))[:depth]
    return Ranking(
        measure="relevance",
        ids=ids[order],
        scores=probability(evidence.log_odds[order], "relevance"),
        confidence=(
            np.concatenate(confidences)[order] if len(confidences) == len(rankings) else None
        ),
        evidence=evidence.in_order(order),
        words=rankings[0].words,
    )
