"""Retrieval metrics: pure functions over similarities and the owners of captions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ranks = NDArray[np.float64]
"""Per query, the rank of its best right answer, from 1; ties share the mean of their ranks."""

CUTS = (1, 5, 10)

# The quantile of the normal distribution for a 95% interval.
Z = 1.959964

# Enough that the ends of an interval are certain to a hundredth of its width.
DRAWS = 100_000


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with the ends of its 95% interval."""

    value: float
    low: float
    high: float


def text_ranks(similarities: NDArray[np.float32], owners: NDArray[np.int64]) -> Ranks:
    """Return the rank of the one right picture for each text.

    `similarities` is (texts, pictures); `owners` (texts,) holds each text's picture's column.
    """
    right = similarities[np.arange(len(owners)), owners][:, None]
    above = (similarities > right).sum(1)
    level = (similarities == right).sum(1)
    ranks: Ranks = above + (level + 1) / 2
    return ranks


def picture_ranks(similarities: NDArray[np.float32], owners: NDArray[np.int64]) -> Ranks:
    """Return the rank of each picture's best own text among all texts.

    The arguments are those of `text_ranks`; a picture without a text gets infinity.
    """
    texts, pictures = similarities.shape
    best = np.full(pictures, -np.inf, np.float32)
    np.maximum.at(best, owners, similarities[np.arange(texts), owners])
    above = (similarities > best).sum(0)
    own = np.zeros((texts, pictures), bool)
    own[np.arange(texts), owners] = True
    level = (similarities == best) & ~own
    ranks = above + 1 + level.sum(0) / 2
    return np.where(np.isfinite(best), ranks, np.inf)


def best_ranks(similarities: NDArray[np.float32], right: NDArray[np.bool_]) -> Ranks:
    """Return the rank of each query's best right answer; a query may have several.

    Both arguments are (queries, answers); ties share the mean of their ranks. A NaN similarity
    counts as the lowest, because a broken encoder must not look perfect.
    """
    similarities = np.where(np.isnan(similarities), -np.inf, similarities)
    best = np.where(right, similarities, -np.inf).max(1, keepdims=True)
    above = (similarities > best).sum(1)
    level = ((similarities == best) & ~right).sum(1)
    ranks: Ranks = above + 1 + level / 2
    return ranks


def summary(ranks: Ranks) -> dict[str, float]:
    """Return Recall@1, @5, @10 (0..1), the median rank and the mean reciprocal rank."""
    if len(ranks) == 0:
        raise ValueError("no ranks to sum up")
    recalls = {f"recall@{k}": float((ranks <= k).mean()) for k in CUTS}
    return {**recalls, "median_rank": float(np.median(ranks)), "mrr": float((1.0 / ranks).mean())}


def intervals(
    ranks: Ranks, pictures: NDArray[np.int64], draws: int = 1000, seed: int = 0
) -> Mapping[str, Measure]:
    """Return `summary` with 95% percentile intervals from resampling whole pictures.

    `pictures` (queries,) names each rank's picture: captions of one picture are not independent,
    so they are drawn together. Source: Efron and Tibshirani 1993, the cluster bootstrap.
    """
    figures = summary(ranks)
    order = np.argsort(pictures, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(pictures[order])) + 1)
    draw = np.random.default_rng(seed)
    rows = []
    for _ in range(draws):
        sample = draw.integers(len(groups), size=len(groups))
        rows.append(
            list(summary(ranks[np.concatenate([groups[group] for group in sample])]).values())
        )
    low, high = np.percentile(np.array(rows), [2.5, 97.5], axis=0)
    return {
        name: Measure(value, float(low[place]), float(high[place]))
        for place, (name, value) in enumerate(figures.items())
    }


def average_precision(scores: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    """Return the average precision of one query's answers (n,), of which some are right.

    Ties count as the mean over all their orders (McSherry and Najork 2008): equal scores for all
    give the figure of chance. A NaN score is the lowest.
    """
    ties, size, rights, before = _tied_answers(scores, right)
    place = np.arange(len(ties))
    above = (place - ties) * (rights - 1) / np.maximum(size - 1, 1)
    precision = (before + 1 + above) / (place + 1)
    return float((rights / size * precision).sum() / right.sum())


def precision_at(k: int, scores: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    """Return the share of right answers among the first k, ties as in `average_precision`."""
    _, size, rights, _ = _tied_answers(scores, right)
    return float((rights / size)[:k].sum() / k)


def _tied_answers(
    scores: NDArray[np.float32], right: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return, of each place (n,), its tie's first place, size, right answers, and those before."""
    scores = np.where(np.isnan(scores), -np.inf, scores)
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(np.append(first, len(ordered)))
    rights = np.add.reduceat(right[order].astype(np.float64), first)
    before = np.cumsum(rights) - rights
    return (
        np.repeat(first, sizes),
        np.repeat(sizes, sizes),
        np.repeat(rights, sizes),
        np.repeat(before, sizes),
    )


def share(hits: NDArray[np.bool_] | NDArray[np.float64]) -> Measure:
    """Return the share of hits among independent queries, with Wilson's score interval.

    A query that was asked several times may count as a part of a hit.
    """
    count, value = len(hits), float(hits.mean())
    centre = value + Z**2 / (2 * count)
    radius = Z * float(np.sqrt(value * (1 - value) / count + (Z / (2 * count)) ** 2))
    scale = 1 + Z**2 / count
    return Measure(value, max(0.0, (centre - radius) / scale), min(1.0, (centre + radius) / scale))


def paired_difference(hits: NDArray[np.bool_], others: NDArray[np.bool_]) -> Measure:
    """Return how much larger the share of hits is than that of `others`, to the same queries.

    Only queries that one of both hits count for or against. Each end is a quantile of a Dirichlet
    distribution with one more query against it, as Clopper and Pearson's of a beta distribution:
    the interval excludes 0 where McNemar's exact test does, however few queries there are.
    """
    won, lost = int((hits & ~others).sum()), int((others & ~hits).sum())
    rest = len(hits) - won - lost
    draw = np.random.default_rng(0)

    def quantile(won: int, lost: int, level: float) -> float:
        parts = draw.standard_gamma((won, lost, rest), (DRAWS, 3))
        return float(np.quantile((parts[:, 0] - parts[:, 1]) / parts.sum(1), level))

    low, high = quantile(won, lost + 1, 0.025), quantile(won + 1, lost, 0.975)
    return Measure((won - lost) / len(hits), low, high)
