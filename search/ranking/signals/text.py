"""The text signal: the query's words in the text that was read in a picture."""

from collections.abc import Mapping

import numpy as np

from search.query.records import Match
from search.ranking.context import Candidates, SearchContext
from search.ranking.fusion import CaptionShares, Fit, SignalScores
from search.ranking.signals.written import score_written
from search.records import Ids, Picture, Scores, TextLine
from search.text.analysis import stem_of
from search.text.spelling import asked_words, is_misread, is_spelled, written_words

# Of a text that certainly answers. It is bounded: what is written in a picture ranks it above those
# that show the query by chance, not above those that show it clearly.
WEIGHT: Mapping[Fit, float] = {"relevance": 18.0, "confidence": 8.0}


class TextSignal:
    """The signal of pictures in which the query's words are written."""

    name = "text"

    def propose(self, context: SearchContext, depth: int) -> Ids:
        """Return the pictures whose text answers the query."""
        return np.array(list(context.text), np.int64)

    def score(self, context: SearchContext, candidates: Candidates) -> SignalScores:
        """Score by the matched part of the words."""
        return score_written(context, candidates, context.text, WEIGHT["relevance"])

    def log_odds(self, scores: SignalScores, captioned: CaptionShares, fit: Fit) -> Scores:
        """Weigh the strength by the query's part of words."""
        part: Scores = np.float32(WEIGHT[fit] * captioned.text) * scores.strength
        return part

    def explain(
        self, scores: SignalScores, row: int, share: float, picture: Picture, words: tuple[str, ...]
    ) -> Match | None:
        """Return the line with most of the words, or None without a match."""
        if not scores.strength[row] > 0:
            return None
        line = best_line(words, picture.text)
        return Match(self.name, float(scores.score[row]), share, line=line)


def best_line(words: tuple[str, ...], lines: tuple[TextLine, ...]) -> TextLine | None:
    """Return the line with most of a query's words, the first of several; None if none has any."""
    targets = asked_words(" ".join(words)) if words else ()
    counts = [
        (sum(_has(written_words(line.text), word) for word in targets), line) for line in lines
    ]
    most, best = max(counts, key=lambda pair: pair[0], default=(0, None))
    return best if most else None


def _has(line_words: tuple[str, ...], word: str) -> bool:
    """Return whether a word is among those of a line, in any spelling that counts."""
    if word in line_words:
        return True
    if not is_spelled(word):
        return False
    stem = stem_of(word)
    return any(stem_of(other) == stem or is_misread(word, other) for other in line_words)
