"""The name signal: the query's words in the names of a picture's file, folders, camera, columns."""

from collections.abc import Mapping

import numpy as np

from search.query.records import Match
from search.ranking.context import Candidates, SearchContext
from search.ranking.fusion import CaptionShares, Fit, SignalScores
from search.ranking.signals.written import score_written
from search.records import Ids, Picture, Scores

# Of names that certainly answer; it is the most that names can add.
WEIGHT: Mapping[Fit, float] = {"relevance": 24.0, "confidence": 9.0}


class NameSignal:
    """The signal of pictures whose names contain the query's words."""

    name = "name"

    def propose(self, context: SearchContext, depth: int) -> Ids:
        """Return all pictures whose names contain most of the words."""
        return np.array(list(context.names), np.int64)

    def score(self, context: SearchContext, candidates: Candidates) -> SignalScores:
        """Score by the matched part of the words."""
        return score_written(context, candidates, context.names, WEIGHT["relevance"])

    def log_odds(self, scores: SignalScores, captioned: CaptionShares, fit: Fit) -> Scores:
        """Weigh the strength; a query's part of pictures has no names."""
        part: Scores = np.float32(captioned.text * WEIGHT[fit]) * scores.strength
        return part

    def explain(
        self, scores: SignalScores, row: int, share: float, picture: Picture, words: tuple[str, ...]
    ) -> Match | None:
        """Return the match of the names, or None without one."""
        if not scores.strength[row] > 0:
            return None
        return Match(self.name, float(scores.score[row]), share)
