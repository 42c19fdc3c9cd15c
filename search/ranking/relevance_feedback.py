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
    query: Vectors | None, marked: MarkedVectors, background: Background
) -> FeedbackQuery | None:
    """Move the query's vector (1, width) by marks, or follow the marks alone; None if they cancel.

    The vectors are scaled alike first: by the spread of their cosines with the collection's
    pictures.
    """
    towards = direction(marked, background.pictures)
    if towards is None:
        return None
    if query is None:
        return FeedbackQuery(towards, 1.0, towards)
    weight = MAX_WEIGHT * len(marked) / (len(marked) + HALFWAY)
    own, theirs = (background.of_picture(row).deviation for row in (query, towards))
    vector = query / own + weight * towards / theirs
    return FeedbackQuery(towards, weight, _unit(vector))


def direction(marked: MarkedVectors, sample: Vectors) -> Vectors | None:
    """Return the unit vector (1, width) from "less" to "more"; None if the marks cancel out.

    `sample` (s, width) is drawn from the collection; the same marks and sample give the same
    vector: Rocchio's (1971) on vectors less the sample's mean, a logistic model from five marks on.
    """
    sample = sample[:MAX_SAMPLED]
    fitted = len(marked) >= MIN_FITTED and len(marked.more) and len(sample)
    found = _fitted(marked, sample) if fitted else _rocchio(marked, sample)
    return None if np.linalg.norm(found) < SHORTEST else _unit(found[None])


def _rocchio(marked: MarkedVectors, sample: Vectors) -> NDArray[np.float64]:
    width = marked.more.shape[1]
    centre = sample.mean(0, dtype=np.float64) if len(sample) else np.zeros(width)
    found = np.zeros(width)
    if len(marked.more):
        found += marked.more.mean(0, dtype=np.float64) - centre
    if len(marked.less):
        share = LESS if len(marked.more) else 1
        found -= share * (marked.less.mean(0, dtype=np.float64) - centre)
    return found


def _fitted(marked: MarkedVectors, sample: Vectors) -> NDArray[np.float64]:
    """Return the weights of a logistic model with a normal prior, by Newton's method.

    Rasmussen and Williams (2006), algorithm 3.1, with a linear kernel: its cost grows with the
    examples, which are fewer than dimensions. "Less" and the sample are balanced against
    "more", or a few wanted pictures would be outweighed by the others.
    """
    rows = np.concatenate([marked.more, marked.less, sample]).astype(np.float64)
    rows -= sample.mean(0, dtype=np.float64)
    wanted = np.zeros(len(rows))
    wanted[: len(marked.more)] = 1
    counts = np.ones(len(rows))
    counts[len(marked.more) : len(marked)] = LESS * len(marked.more) / max(1, len(marked.less))
    counts[len(marked) :] = len(marked.more) / len(sample)
    kernel = VARIANCE * (rows @ rows.T + 1)  # the 1 is the constant's
    duals = np.zeros(len(rows))
    for _ in range(MAX_STEPS):
        scores = kernel @ duals
        sure = 1 / (1 + np.exp(-np.clip(scores, -50, 50)))
        root = np.sqrt(counts * sure * (1 - sure))
        pull = root**2 * scores + counts * (wanted - sure)
        inner = np.eye(len(rows)) + root[:, None] * kernel * root
        found = pull - root * np.linalg.solve(inner, root * (kernel @ pull))
        moved = float(np.abs(found - duals).max())
        duals = found
        if moved < CONVERGED:
            break
    weights: NDArray[np.float64] = rows.T @ duals
    return weights


def _unit(row: NDArray[np.floating]) -> Vectors:
    return np.ascontiguousarray(row / np.linalg.norm(row), dtype=np.float32)
