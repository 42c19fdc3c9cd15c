"""Candidates of all signals, merged and ranked for a search context."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.query.records import Measure, Query, TextTerm
from search.ranking.context import Candidates, SearchContext, vectors_of
from search.ranking.exclusion import DEEPER, excluded_shares
from search.ranking.fusion import (
    CaptionShares,
    Evidence,
    Fit,
    SignalScores,
    captioned_share,
    log_odds,
    more_probable,
    probability,
    scale_probability,
    shares,
)
from search.ranking.signals import SIGNALS
from search.ranking.signals.picture import (
    nearest_pictures,
    picture_confidences,
    picture_relevances,
)
from search.records import Ids, Scores


@dataclass(frozen=True, slots=True)
class RankedPicture:
    """A picture of a page: its id, its row in the ranking, and the duplicates folded into it.

    `group` is its heading in a sorted set; `is_sure` is False after a set.
    """

    picture_id: int
    row: int
    copies: tuple[int, ...] = ()
    group: str | None = None
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates, best first: ids, scores and, for a query of words alone, confidences, all (n,).

    `evidence` is None where only cosines of pictures are compared. `words` are the query's.
    `relevance` are the relevances (n,) of such pictures, where a set is cut by them.
    """

    measure: Measure
    ids: Ids
    scores: Scores
    confidence: Scores | None = None
    evidence: Evidence | None = None
    words: tuple[str, ...] = ()
    relevance: Scores | None = None

    @property
    def certainty(self) -> Scores:
        """Return what a set is cut by, 0 to 1 (n,): confidences, else relevances."""
        if self.confidence is not None:
            return self.confidence
        return self.scores if self.relevance is None else self.relevance


FITTED_SIGNALS = {"picture", "caption", "words"}
"""The signals that the confidence was fitted for."""

CAPTION_SIGNALS = ("caption", "words")

FURTHER_SIGNALS = ("name", "text")
"""Signals that know neither pictures nor captions."""

RankFunction = Callable[[int], Ranking]
"""A function that ranks about so many candidates; a page requests more where needed."""


def searches_captions(query: Query) -> bool:
    """Return whether captions are searched: the query has words, and a signal that reads them."""
    has_text = any(isinstance(term, TextTerm) and term.weight > 0 for term in query.terms)
    return has_text and any(name in CAPTION_SIGNALS for name in query.by)


def rank_function(context: SearchContext) -> RankFunction:
    """Return the function that ranks a query's candidates: by all signals, else by cosine."""
    query = context.query
    has_captions = any(index.caption_count for index in context.indexes)
    compares_words = "picture" not in query.by or (has_captions and searches_captions(query))
    has_words = context.embedded_query.text is not None
    if context.exclusions or context.text or (has_words and (context.names or compares_words)):
        return lambda depth: rank_by_all_signals(context, depth, has_own_scale=True)
    return lambda depth: _by_cosine(context, depth)


def newest_first(ids: Ids) -> Ranking:
    """Return pictures in the order of `ids`, for a query without anything to rank by."""
    return Ranking("none", ids, np.zeros(len(ids), np.float32))


def _by_cosine(context: SearchContext, depth: int) -> Ranking:
    ids, scores = nearest_pictures(context, depth)
    confidence = relevance = None
    if context.plain and len(ids):
        confidence = picture_confidences(context, scores)
    elif context.query.set_cutoff is not None:
        relevance = picture_relevances(context, scores)
    return Ranking("cosine", ids, scores, confidence, relevance=relevance)


def rank_by_all_signals(context: SearchContext, depth: int, has_own_scale: bool = False) -> Ranking:
    """Rank about so many candidates by all signals: by their relevance, for any query.

    With `has_own_scale`, an encoder's own confidence may be used: no other space is compared.
    """
    if context.exclusions:
        depth *= DEEPER
    ids = np.unique(np.concatenate([signal.propose(context, depth) for signal in SIGNALS]))
    candidates = Candidates(ids, vectors_of(context.indexes, ids))
    scores = {signal.name: signal.score(context, candidates) for signal in SIGNALS}
    captioned = captioned_share(scores["caption"].strength, context.embedded_query.text_share)
    parts = _parts(scores.values(), captioned, "relevance")
    odds = log_odds(parts, captioned, "relevance")
    confidence, exclusion = _confidence(context, scores, captioned, has_own_scale), None
    if context.exclusions:
        exclusion_shares = excluded_shares(context, candidates)
        exclusion = exclusion_shares["relevance"]
        odds = scale_probability(odds, 1 - exclusion)
        if confidence is not None:
            confidence *= 1 - exclusion_shares["confidence"]
    order = np.lexsort((ids, -odds))
    return Ranking(
        measure="relevance",
        ids=ids[order],
        scores=probability(odds, "relevance")[order],
        confidence=None if confidence is None else confidence[order],
        evidence=Evidence(odds, tuple(scores.values()), shares(parts), exclusion).in_order(order),
        words=context.embedded_query.words,
    )


def _confidence(
    context: SearchContext,
    scores: Mapping[str, SignalScores],
    captioned: CaptionShares,
    has_own_scale: bool,
) -> Scores | None:
    """Return the confidences (n,) of candidates; None where none was fitted for the query.

    A picture without captions has the encoder's own confidence, with names and text added.
    """
    if not context.plain:
        return None
    parts = _parts(scores.values(), captioned, "confidence")
    has_captions = any(index.caption_count for index in context.indexes)
    if has_captions and not set(context.query.by) >= FITTED_SIGNALS:
        return None
    confidences = probability(log_odds(parts, captioned, "confidence"), "confidence")
    if not has_own_scale:
        return confidences
    by_picture = picture_confidences(context, scores["picture"].score)
    further = parts[:, [list(scores).index(name) for name in FURTHER_SIGNALS]].sum(axis=1)
    bare = more_probable(by_picture, further, "confidence")
    return np.where(np.isnan(scores["caption"].strength), bare, confidences)


def _parts(
    scores: Iterable[SignalScores], captioned: CaptionShares, fit: Fit
) -> NDArray[np.float32]:
    """Return the part of each signal (n, signals) in the log odds of the candidates."""
    parts = [
        signal.log_odds(each, captioned, fit) for signal, each in zip(SIGNALS, scores, strict=True)
    ]
    return np.stack(parts, axis=1).astype(np.float32)
