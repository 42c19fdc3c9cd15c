"""The text signal: the query's words in the text that was read in a picture."""

from collections.abc import Mapping

import numpy as np

from search.query.records import Match
from search.ranking.context import Candidates, SearchContext
from search.ranking.fusion import CaptionShares, Fit, SignalScores
from search.ranking.signals.picture import excused_looks
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
        """Score by the matched share of the words; the strength is from 0 to 1, and more."""
        coverage, strength = np.zeros((2, len(candidates.ids)), np.float32)
        if not context.text:
            return SignalScores(coverage, strength)
        for row, picture_id in enumerate(candidates.ids.tolist()):
            if (match := context.text.get(picture_id)) is not None:
                coverage[row], strength[row] = match.coverage, match.strength
        excuse = excused_looks(context, candidates, strength) / np.float32(WEIGHT["relevance"])
        return SignalScores(coverage, strength + excuse)

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
