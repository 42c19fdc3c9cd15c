"""The signals, kinds of evidence for a hit: a Protocol, and the tuple of all signals.

A signal is one file of this folder, a place in `SIGNALS`, and its weights in
`search.ranking.fusion`; its name is one of `search.query.records.SignalName`.
"""

from typing import Protocol

from search.query.records import Match, SignalName
from search.ranking.context import Candidates, SearchContext
from search.ranking.fusion import SignalScores
from search.ranking.signals.caption import CaptionSignal
from search.ranking.signals.marks import MarksSignal
from search.ranking.signals.picture import PictureSignal
from search.ranking.signals.words import WordsSignal
from search.records import Ids, Picture


class Signal(Protocol):
    """A kind of evidence that proposes candidates, scores them and explains a match."""

    name: SignalName

    def propose(self, context: SearchContext, depth: int) -> Ids:
        """Return the ids of about `depth` pictures that the signal finds, or none."""

    def score(self, context: SearchContext, candidates: Candidates) -> SignalScores:
        """Score all candidates, whichever signal proposed them."""

    def explain(
        self, scores: SignalScores, row: int, share: float, picture: Picture, words: tuple[str, ...]
    ) -> Match | None:
        """Return the match of the candidate in `row`, or None without evidence by the signal.

        `share` is the signal's share in the candidate's relevance; `words` are the query's.
        """


SIGNALS: tuple[Signal, ...] = (PictureSignal(), CaptionSignal(), WordsSignal(), MarksSignal())
"""All signals, in the order of a hit's matches; without any evidence the first has a share of 1."""
