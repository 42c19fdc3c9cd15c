"""Words that a hit must not show: pictures that are likely to show them sink.

A difference of vectors does not negate: what is near to "beach" less "people" is a beach with
people. So the excluded words are a query of their own, which pictures and their captions answer. A
hit that shows them with the probability p counts (1 - p) of what it counts without them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.query.records import Query, TextTerm
from search.query.syntax import USUAL_MINUS
from search.ranking.context import Candidates, SearchContext
from search.ranking.fusion import SMALLEST, Fit, SignalScores
from search.ranking.signals.caption import CaptionSignal
from search.ranking.signals.picture import PictureSignal
from search.ranking.signals.words import WordsSignal
from search.records import Scores

DEEPER = 8
"""Times as many candidates are ranked: those with the excluded words may be most of the best."""


@dataclass(frozen=True, slots=True)
class ShownConstants:
    """The log odds that a picture shows words: a constant, and weights of its z-scores.

    `bare` and `bare_constant` are for a picture without captions. `every_word` is for a caption
    with all of the words.
    """

    bare: float
    bare_constant: float
    picture: float
    caption: float
    constant: float
    every_word: float


# Chosen on 250 photographs that the built-in pair was not trained on, with 66 questions of two
# kinds of things, such as "a dog" without "grass"; docs/notes/relevance.md has what they give.
# Somebody who excludes a thing has seen it among the hits: so the order has lower thresholds than
# the confidence, which must not fall for pictures that merely resemble those.
SHOWN: Mapping[Fit, ShownConstants] = {
    "relevance": ShownConstants(5.0, 0.0, 1.5, 3.0, -2.0, 8.0),
    "confidence": ShownConstants(2.5, -3.5, 0.6, 1.7, -4.2, 8.0),
}

SIGNALS = (PictureSignal(), CaptionSignal(), WordsSignal())


def split_excluded(query: Query) -> tuple[Query, list[tuple[Query, float]]]:
    """Return the query without its excluded words, and a query for each of those.

    With each comes its strength: 1 for the usual weight. A query of excluded words alone remains
    as it is, and leads away from them; so does one that excludes all that it asks for.
    """
    exclusions = [term for term in query.terms if isinstance(term, TextTerm) and term.weight < 0]
    other_terms = tuple(term for term in query.terms if term not in exclusions)
    texts = {term.text for term in exclusions}
    contradicts = all(isinstance(term, TextTerm) and term.text in texts for term in other_terms)
    if not exclusions or (contradicts and not query.more):
        return query, []
    # Names and text in a picture do not tell what it shows, so they are not searched.
    names = {signal.name for signal in SIGNALS}
    alone = replace(query, more=(), less=(), by=tuple(name for name in query.by if name in names))
    parts = [
        (replace(alone, terms=(TextTerm(term.text),)), -term.weight / USUAL_MINUS)
        for term in exclusions
    ]
    return replace(query, terms=other_terms), parts


def excluded_shares(context: SearchContext, candidates: Candidates) -> Mapping[Fit, Scores]:
    """Return the probabilities (n,) that candidates show any of the context's excluded words."""
    logarithms = {fit: np.zeros(len(candidates.ids)) for fit in SHOWN}
    for exclusion in context.exclusions:
        if not exclusion.context.is_understood:
            continue  # what the words mean is unknown, so no picture is known to show it
        scores = [signal.score(exclusion.context, candidates) for signal in SIGNALS]
        for fit, constants in SHOWN.items():
            absence = np.maximum(1 - _presence(scores, constants), SMALLEST)
            logarithms[fit] += exclusion.strength * np.log(absence)
    return {fit: (1 - np.exp(rest)).astype(np.float32) for fit, rest in logarithms.items()}


def _presence(scores: Sequence[SignalScores], constants: ShownConstants) -> Scores:
    """Return the probability (n,) that candidates show words, from the scores of `SIGNALS`."""
    picture, caption, words = scores
    z_score = picture.strength
    bare = constants.bare * z_score + constants.bare_constant
    with_captions = (
        constants.picture * z_score
        + constants.caption * caption.strength
        + constants.every_word * (words.score >= 1)
        + constants.constant
    )
    odds = np.where(np.isnan(caption.strength), bare, with_captions)
    presence: Scores = 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
    return presence
