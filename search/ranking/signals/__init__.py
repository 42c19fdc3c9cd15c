"""The signals, kinds of evidence for a hit: a Protocol, and the tuple of all signals.

A signal is one file of this folder and a place in `SIGNALS`; two share `written`. One that a query
may choose by name is also one of `search.query.limits.SignalName`.
"""

from typing import Protocol

from search.query.records import Match
from search.ranking.context import Candidates, SearchContext
from search.ranking.fusion import CaptionShares, Fit, SignalScores
from search.ranking.signals.caption import CaptionSignal
from search.ranking.signals.marks import MarksSignal
from search.ranking.signals.name import NameSignal
from search.ranking.signals.picture import PictureSignal
from search.ranking.signals.text import TextSignal
from search.ranking.signals.words import WordsSignal
from search.records import Ids, Picture, Scores


class Signal(Protocol):
    """A kind of evidence that proposes candidates, scores them and explains a match."""

    name: str

    def propose(self, context: SearchContext, depth: int) -> Ids:
        """Return the ids of about `depth` pictures that the signal finds, or none."""

    def score(self, context: SearchContext, candidates: Candidates) -> SignalScores:
        """Score all candidates, whichever signal proposed them."""

    def log_odds(self, scores: SignalScores, captioned: CaptionShares, fit: Fit) -> Scores:
        """Return the signal's part (n,) in the log odds of the candidates, by its own weights."""

    def explain(
        self, scores: SignalScores, row: int, share: float, picture: Picture, words: tuple[str, ...]
    ) -> Match | None:
        """Return the match of the candidate in `row`, or None without evidence by the signal.

        `share` is the signal's share in the candidate's relevance; `words` are the query's.
        """


SIGNALS: tuple[Signal, ...] = (
    PictureSignal(),
    CaptionSignal(),
    WordsSignal(),
    NameSignal(),
    TextSignal(),
    MarksSignal(),
)
"""All signals, in the order of a hit's matches; without any evidence the first has a share of 1."""
