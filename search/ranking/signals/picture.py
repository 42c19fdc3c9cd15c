"""The picture signal: the cosine of a picture's own vector with the query."""

from collections.abc import Mapping

import numpy as np

from search.query.records import Match
from search.ranking.context import Candidates, SearchContext
from search.ranking.fusion import CONSTANTS, CaptionShares, Fit, SignalScores, probability
from search.records import Ids, Picture, QueryKind, Scores

# For each unit of the z-score, of a picture with captions and of one without.
WEIGHT: Mapping[Fit, float] = {"relevance": 1.43, "confidence": 0.262}
BARE_WEIGHT: Mapping[Fit, float] = {"relevance": 3.19, "confidence": 2.45}


class PictureSignal:
    """The signal of pictures that look like the query."""

    name = "picture"

    def propose(self, context: SearchContext, depth: int) -> Ids:
        """Return the nearest pictures; always with marks, which only this signal follows."""
        if self.name not in context.query.by and context.feedback is None:
            return np.empty(0, np.int64)
        return nearest_pictures(context, depth)[0]

    def score(self, context: SearchContext, candidates: Candidates) -> SignalScores:
        """Score by cosine; the strength is the z-score, zeros where the signal is not requested."""
        query, background = context.embedded_query, context.background()
        cosines = (candidates.vectors @ query.vector[0]).astype(np.float32)
        distribution = (
            background.text_picture
            if query.plain
            else background.of_picture(query.vector, query.kind)
        )
        strength = distribution.z_score(cosines)
        if self.name not in context.query.by:
            strength = np.zeros_like(strength)
        return SignalScores(cosines, strength)

    def log_odds(self, scores: SignalScores, captioned: CaptionShares, fit: Fit) -> Scores:
        """Weigh the z-score; it counts for more where there are no captions."""
        share = captioned.share
        part: Scores = (WEIGHT[fit] * share + BARE_WEIGHT[fit] * (1 - share)) * scores.strength
        return part

    def explain(
        self, scores: SignalScores, row: int, share: float, picture: Picture, words: tuple[str, ...]
    ) -> Match | None:
        """Return the match of the picture: every candidate has a cosine."""
        return Match(self.name, float(scores.score[row]), share)


def picture_confidences(context: SearchContext, cosines: Scores) -> Scores:
    """Return the confidences (n,) of pictures by their cosines (n,) with a query of words alone.

    An encoder with a confidence of its own was fitted on pictures without captions; for others
    it comes from the z-scores.
    """
    query = context.embedded_query
    if query.knowledge is not None and query.reading is not None:
        # Those that a filter takes away count too: a filter adds no picture to an answer.
        pictures = sum(index.picture_count for index in context.indexes)
        fitted = query.knowledge.confidences(query.vector, query.reading, cosines, pictures)
        if fitted is not None:
            return fitted
    z_scores = context.background().text_picture.z_score(cosines)
    weight, constant = BARE_WEIGHT["confidence"], CONSTANTS["confidence"].bare
    return probability(np.float32(weight) * z_scores + np.float32(constant), "confidence")


def picture_relevances(context: SearchContext, cosines: Scores) -> Scores:
    """Return the relevances (n,) of pictures by their cosines (n,) with a query of any kind.

    They are those that the pictures would have in an answer of several spaces: by how far the
    cosines stand out of the query's cosines with the collection.
    """
    embedded_query, feedback = context.embedded_query, context.feedback
    vector = feedback.vector if feedback else embedded_query.vector
    kind: QueryKind = "text" if feedback else embedded_query.kind
    z_scores = context.background().of_picture(vector, kind).z_score(cosines)
    weight, constant = BARE_WEIGHT["relevance"], CONSTANTS["relevance"].bare
    return probability(np.float32(weight) * z_scores + np.float32(constant), "relevance")


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
