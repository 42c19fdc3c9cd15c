"""The caption signal: the cosine of a picture's nearest caption with the query's words."""

from collections.abc import Mapping

import numpy as np

from search.catalog import caption_ids
from search.query.records import Match
from search.ranking.context import Candidates, SearchContext
from search.ranking.fusion import CaptionShares, Fit, SignalScores
from search.records import Ids, Picture, Scores
from search.stores import VectorStore

# For each unit of the z-score.
WEIGHT: Mapping[Fit, float] = {"relevance": 1.55, "confidence": 0.637}


class CaptionSignal:
    """The signal of pictures with a caption that means the same as the query."""

    name = "caption"

    def propose(self, context: SearchContext, depth: int) -> Ids:
        """Return the pictures of the nearest captions."""
        parts = [np.empty(0, np.int64)]
        text = context.embedded_query.text
        if self.name not in context.query.by or text is None:
            return parts[0]
        for index in context.indexes:
            if index.captions is None or not index.caption_count:
                continue
            allowed_ids = (
                None
                if index.allowed_ids is None
                else _captions_of(index.captions, index.allowed_ids)
            )
            # A picture's captions are often found together: twice as many, to find enough pictures.
            ids, _ = index.captions.search(text, 2 * depth, allowed_ids)
            parts.append(caption_ids.owners(ids[0][ids[0] >= 0]))
        return np.concatenate(parts)

    def score(self, context: SearchContext, candidates: Candidates) -> SignalScores:
        """Score by the cosine of the nearest caption; NaN for a picture without captions."""
        ids, text = candidates.ids, context.embedded_query.text
        best, nearest = np.full(len(ids), np.nan, np.float32), np.full(len(ids), -1)
        if self.name not in context.query.by or text is None:
            return SignalScores(best, best.copy(), nearest)
        for index in context.indexes:
            if index.captions is None or not index.caption_count:
                continue
            indexed_ids, vectors = index.captions.rows(_captions_of(index.captions, ids))
            cosines = (vectors @ text[0]).astype(np.float32)
            order = np.argsort(cosines, kind="stable")  # of several, the last written is nearest
            rows = np.searchsorted(ids, caption_ids.owners(indexed_ids[order]))
            best[rows], nearest[rows] = cosines[order], caption_ids.places(indexed_ids[order])
        background = context.background()
        plain = context.embedded_query.plain
        distribution = background.text_caption if plain else background.of_caption(text)
        return SignalScores(best, distribution.z_score(best), nearest)

    def log_odds(self, scores: SignalScores, captioned: CaptionShares, fit: Fit) -> Scores:
        """Weigh the z-score, which counts for nothing in a picture without captions."""
        part: Scores = WEIGHT[fit] * captioned.share * np.nan_to_num(scores.strength)
        return part

    def explain(
        self, scores: SignalScores, row: int, share: float, picture: Picture, words: tuple[str, ...]
    ) -> Match | None:
        """Return the nearest caption, or None for a picture without captions."""
        place = -1 if scores.caption_places is None else int(scores.caption_places[row])
        if place < 0:
            return None
        captions = picture.facts.captions
        caption = captions[place] if place < len(captions) else None  # changed since the search
        return Match(self.name, float(scores.score[row]), share, caption)


def _captions_of(captions: VectorStore, picture_ids: Ids) -> Ids:
    """Return the ids of the indexed captions of pictures."""
    return caption_ids.captions_of(captions.ids(), picture_ids)
