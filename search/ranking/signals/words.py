"""The words signal: the query's words in a picture's captions, weighed by BM25."""

from collections.abc import Mapping

import numpy as np

from search.query.records import Match
from search.ranking.context import Candidates, SearchContext
from search.ranking.fusion import CaptionShares, Fit, SignalScores
from search.records import Ids, Picture, Scores
from search.text.analysis import best_caption, rarity, words_score

# For each unit of BM25.
WEIGHT: Mapping[Fit, float] = {"relevance": 0.050, "confidence": 0.0073}

# For a caption with all words of the query. For the order this is a choice, which a test with a
# made-up name checks: encoders know no names, and the photographs of the fit have none.
EVERY_WORD: Mapping[Fit, float] = {"relevance": 3.0, "confidence": 4.2}

# Coverage counts from here on.
FROM_COVERAGE = 0.5


class WordsSignal:
    """The signal of pictures whose captions contain the query's words."""

    name = "words"

    def propose(self, context: SearchContext, depth: int) -> Ids:
        """Return all pictures that the words index found."""
        found_words = context.words
        return np.array(list(found_words.words) if found_words else [], np.int64)

    def score(self, context: SearchContext, candidates: Candidates) -> SignalScores:
        """Score by coverage, the matched share of the words; the strength is BM25."""
        count = len(candidates.ids)
        bm25, coverage = np.zeros(count, np.float32), np.zeros(count, np.float32)
        found_words = context.words
        if found_words is None or not found_words.words:
            return SignalScores(coverage, bm25)
        pictures = sum(index.picture_count for index in context.indexes)
        rarities = {
            word: rarity(frequency, pictures) for word, frequency in found_words.frequency.items()
        }
        mean_length = sum(map(len, found_words.words.values())) / len(found_words.words)
        for row, picture_id in enumerate(candidates.ids.tolist()):
            if picture_id in found_words.words:
                words = found_words.words[picture_id]
                bm25[row], coverage[row] = words_score(rarities, words, mean_length)
        return SignalScores(coverage, bm25)

    def log_odds(self, scores: SignalScores, captioned: CaptionShares, fit: Fit) -> Scores:
        """Weigh the BM25 and a coverage of more than half of the words."""
        over = np.maximum(scores.score - FROM_COVERAGE, 0) / (1 - FROM_COVERAGE)
        words = WEIGHT[fit] * scores.strength + (EVERY_WORD[fit] * over).astype(np.float32)
        return np.where(scores.strength > 0, captioned.text * words, 0)

    def explain(
        self, scores: SignalScores, row: int, share: float, picture: Picture, words: tuple[str, ...]
    ) -> Match | None:
        """Return the caption with most of the words, or None without a match."""
        if not scores.strength[row] > 0:
            return None
        caption = best_caption(words, picture.facts.captions)
        return Match(self.name, float(scores.score[row]), share, caption)
