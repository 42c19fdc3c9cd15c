"""The marks signal: the cosine of a picture with the direction of the query's marks."""

import numpy as np

from search.query.records import Match
from search.ranking.context import Candidates, SearchContext
from search.ranking.fusion import CaptionShares, Fit, SignalScores
from search.ranking.signals.picture import BARE_WEIGHT
from search.records import Ids, Picture, Scores


class MarksSignal:
    """The signal of pictures like those marked "more", and unlike those marked "less"."""

    name = "marks"

    def propose(self, context: SearchContext, depth: int) -> Ids:
        """Return none: marks move the vector by which the picture signal proposes."""
        return np.empty(0, np.int64)

    def score(self, context: SearchContext, candidates: Candidates) -> SignalScores:
        """Score by cosine; the strength is the weighted z-score, zeros without marks."""
        feedback = context.feedback
        if feedback is None:
            return SignalScores(*np.zeros((2, len(candidates.ids)), np.float32))
        cosines = (candidates.vectors @ feedback.direction[0]).astype(np.float32)
        distribution = context.background().of_picture(feedback.direction)
        return SignalScores(cosines, np.float32(feedback.weight) * distribution.z_score(cosines))

    def log_odds(self, scores: SignalScores, captioned: CaptionShares, fit: Fit) -> Scores:
        """Weigh the strength like a bare picture's: marks are about pictures, captioned or not."""
        part: Scores = BARE_WEIGHT[fit] * scores.strength
        return part

    def explain(
        self, scores: SignalScores, row: int, share: float, picture: Picture, words: tuple[str, ...]
    ) -> Match | None:
        """Return the match of the marks, or None without marks."""
        if not scores.strength[row]:
            return None
        return Match(self.name, float(scores.score[row]), share)
