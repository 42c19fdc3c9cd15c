"""Relevance feedback: marked pictures and a query as one vector to search with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.ranking.calibration import Background
from search.records import Vectors

# From so many marks on there is enough to fit; with fewer, the mean of the marks does as well.
MIN_FITTED = 5

# The total weight of "less" where "more" totals 1: unwanted pictures are often near wanted ones,
# and are weak evidence of where those are. At 1, four marks made answers worse than none.
LESS = 0.25

# Pictures drawn from the collection are examples of neither kind, as nearly all of it
# is. More of them, or fewer, changed nothing; neither did ten times the variance.
MAX_SAMPLED = 128
VARIANCE = 1.0

# The weight of marks where the query's is 1: up to MAX_WEIGHT, and half of that at HALFWAY
# marks. One mark moves an answer and can't reverse it. docs/relevance.md has the gain.
MAX_WEIGHT, HALFWAY = 0.8, 5.0

MAX_STEPS = 30
CONVERGED = 1e-6

SHORTEST = 1e-6
"""The least length of a direction of marks; marks with a shorter one cancel out."""


@dataclass(frozen=True, slots=True)
class MarkedVectors:
    """The vectors of marked pictures, (n, width) and (m, width)."""

    more: Vectors
    less: Vectors

    def __len__(self) -> int:
        return len(self.more) + len(self.less)


@dataclass(frozen=True, slots=True)
class FeedbackQuery:
    """The vector of a query, moved by its marks.

    `direction` (1, width) is the direction of the marks and `weight` their weight where the
    query's own vector counts 1; `vector` (1, width) combines both, to search with.
    """

    direction: Vectors
    weight: float
    vector: Vectors


def apply_feedback(
    query: Vectors | None, marks: MarkedVectors, background: Background
) -> FeedbackQuery | None:
    """Move the query's vector (1, width) by marks, or follow the marks alone; None if they cancel.

    The vectors are scaled alike first: by the spread of their cosines with the collection's
    pictures.
    """
    towards = direction(marks, background.pictures)
    if towards is None:
        return None
    if query is None:
        return FeedbackQuery(towards, 1.0, towards)
    weight = MAX_WEIGHT * len(marks) / (len(marks) + HALFWAY)
    own, theirs = (background.of_picture(row).deviation for row in (query, towards))
    vector = query / own + weight * towards / theirs
    return FeedbackQuery(towards, weight, _unit(vector))


def direction(marks: MarkedVectors, sample: Vectors) -> Vectors | None:
    """Return the unit vector (1, width) from "less" to "more"; None if the marks cancel out.

    `sample` (s, width) is drawn from the collection; the same marks and sample give the same
    vector: Rocchio's (1971) on vectors less the sample's mean, a logistic model from five marks on.
    """
    sample = sample[:MAX_SAMPLED]
    can_fit = len(marks) >= MIN_FITTED and len(marks.more) and len(sample)
    vector = _logistic(marks, sample) if can_fit else _rocchio(marks, sample)
    return None if np.linalg.norm(vector) < SHORTEST else _unit(vector[None])


def _rocchio(marks: MarkedVectors, sample: Vectors) -> NDArray[np.float64]:
    width = marks.more.shape[1]
    centre = sample.mean(0, dtype=np.float64) if len(sample) else np.zeros(width)
    vector = np.zeros(width)
    if len(marks.more):
        vector += marks.more.mean(0, dtype=np.float64) - centre
    if len(marks.less):
        share = LESS if len(marks.more) else 1
        vector -= share * (marks.less.mean(0, dtype=np.float64) - centre)
    return vector


def _logistic(marks: MarkedVectors, sample: Vectors) -> NDArray[np.float64]:
    """Return the weights of a logistic model with a normal prior, by Newton's method.

    Rasmussen and Williams (2006), algorithm 3.1, with a linear kernel: its cost grows with the
    examples, which are fewer than dimensions. "Less" and the sample are balanced against
    "more", or a few wanted pictures would be outweighed by the others.
    """
    rows = np.concatenate([marks.more, marks.less, sample]).astype(np.float64)
    rows -= sample.mean(0, dtype=np.float64)
    labels = np.zeros(len(rows))
    labels[: len(marks.more)] = 1
    counts = np.ones(len(rows))
    counts[len(marks.more) : len(marks)] = LESS * len(marks.more) / max(1, len(marks.less))
    counts[len(marks) :] = len(marks.more) / len(sample)
    kernel = VARIANCE * (rows @ rows.T + 1)  # the 1 is the constant's
    duals = np.zeros(len(rows))
    for _ in range(MAX_STEPS):
        scores = kernel @ duals
        probabilities = 1 / (1 + np.exp(-np.clip(scores, -50, 50)))
        root = np.sqrt(counts * probabilities * (1 - probabilities))
        pull = root**2 * scores + counts * (labels - probabilities)
        inner = np.eye(len(rows)) + root[:, None] * kernel * root
        new_duals = pull - root * np.linalg.solve(inner, root * (kernel @ pull))
        change = float(np.abs(new_duals - duals).max())
        duals = new_duals
        if change < CONVERGED:
            break
    weights: NDArray[np.float64] = rows.T @ duals
    return weights


def _unit(row: NDArray[np.floating]) -> Vectors:
    return np.ascontiguousarray(row / np.linalg.norm(row), dtype=np.float32)
