"""The words signal: the query's words in a picture's captions, weighed by BM25."""

import numpy as np

from search.query.records import Match, SignalName
from search.ranking.context import Candidates, SearchContext
from search.ranking.fusion import SignalScores
from search.records import Ids, Picture
from search.text.analysis import best_caption, rarity, words_score


class WordsSignal:
    """The signal of pictures whose captions contain the query's words."""

    name: SignalName = "words"

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

    def explain(
        self, scores: SignalScores, row: int, share: float, picture: Picture, words: tuple[str, ...]
    ) -> Match | None:
        """Return the caption with most of the words, or None without a match."""
        if not scores.strength[row] > 0:
            return None
        caption = best_caption(words, picture.facts.captions)
        return Match(self.name, float(scores.score[row]), share, caption)
