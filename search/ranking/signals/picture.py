"""The picture signal: the cosine of a picture's own vector with the query."""

import numpy as np

from search.query.records import Match, SignalName
from search.ranking.context import Candidates, SearchContext
from search.ranking.fusion import SignalScores
from search.records import Ids, Picture, QueryKind, Scores


class PictureSignal:
    """The signal of pictures that look like the query."""

    name: SignalName = "picture"

    def propose(self, context: SearchContext, depth: int) -> Ids:
        """Return the nearest pictures; always with marks, which only this signal follows."""
        if self.name not in context.query.by and context.feedback is None:
            return np.empty(0, np.int64)
        return nearest_pictures(context, depth)[0]

    def score(self, context: SearchContext, candidates: Candidates) -> SignalScores:
        """Score by cosine; the strength is the z-score, zeros where the signal is not requested."""
        vector, background = context.embedded_query.vector, context.background()
        cosines = (candidates.vectors @ vector[0]).astype(np.float32)
        plain = context.embedded_query.plain
        distribution = background.text_picture if plain else background.of_picture(vector)
        strength = distribution.z_score(cosines)
        if self.name not in context.query.by:
            strength = np.zeros_like(strength)
        return SignalScores(cosines, strength)

    def explain(
        self, scores: SignalScores, row: int, share: float, picture: Picture, words: tuple[str, ...]
    ) -> Match | None:
        """Return the match of the picture: every candidate has a cosine."""
        return Match(self.name, float(scores.score[row]), share)


def nearest_pictures(context: SearchContext, depth: int) -> tuple[Ids, Scores]:
    """Return the ids and cosines of the pictures nearest to the query, moved by its marks."""
    embedded_query, feedback = context.embedded_query, context.feedback
    vector = feedback.vector if feedback else embedded_query.vector
    kind: QueryKind = "text" if feedback else embedded_query.kind
    parts = [
        index.pictures.search(vector, depth, index.allowed_ids, kind) for index in context.indexes
    ]
    ids = np.concatenate([part[0][0] for part in parts])
    scores = np.concatenate([part[1][0] for part in parts])
    valid = ids >= 0
    ids, scores = ids[valid], scores[valid]
    order = np.lexsort((ids, -scores))[:depth]
    return ids[order], scores[order]
