"""From pictures marked "more like this" and "less like this" to one vector to search with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.ranking.calibration import Background
from search.records import Vectors

# From so many marks on there is enough to fit; below, the mean of the marks says as much.
LEAST_FITTED = 5

# What all of "less" takes away where all of "more" adds 1: what is not wanted is often near what
# is, and says little of where that lies. At 1, four marks made answers worse than none.
LESS = 0.25

# Pictures drawn from the collection stand for what is meant neither way: nearly all of it. More of
# them, or fewer, changed nothing; neither did ten times the variance.
MOST_SAMPLED = 128
VARIANCE = 1.0

# How much marks count beside the query, which counts 1: up to MOST, and half of that at HALFWAY
# marks. One alone bends an answer and can't turn it around. docs/relevance.md has what it gains.
MOST, HALFWAY = 0.8, 5.0

MOST_STEPS = 30
CONVERGED = 1e-6

SHORTEST = 1e-6
"""Marks whose direction is shorter than this cancel out."""


@dataclass(frozen=True, slots=True)
class Marked:
    """The vectors of marked pictures, (n, width) and (m, width)."""

    more: Vectors
    less: Vectors

    def __len__(self) -> int:
        return len(self.more) + len(self.less)


@dataclass(frozen=True, slots=True)
class Bent:
    """A question as marks have bent it.

    `direction` (1, width) is where the marks lead and `weight` how much they count beside the
    question's own vector; `vector` (1, width) is both in one, to search with.
    """

    direction: Vectors
    weight: float
    vector: Vectors


def bend(asked: Vectors | None, marked: Marked, background: Background) -> Bent | None:
    """Bend the question's vector (1, width), or go by the marks alone; None where they cancel out.

    The vectors are brought to the same scale first: how far their cosines with the collection's
    pictures spread.
    """
    towards = direction(marked, background.pictures)
    if towards is None:
        return None
    if asked is None:
        return Bent(towards, 1.0, towards)
    weight = MOST * len(marked) / (len(marked) + HALFWAY)
    own, theirs = (background.of_picture(each).deviation for each in (asked, towards))
    vector = asked / own + weight * towards / theirs
    return Bent(towards, weight, _unit(vector))


def direction(marked: Marked, sample: Vectors) -> Vectors | None:
    """The unit vector (1, width) that leads towards what is wanted; None where marks cancel out.

    `sample` (s, width) is drawn from the collection; the same marks and sample give the same
    vector: Rocchio's (1971) on vectors less the sample's mean, a logistic model from five marks on.
    """
    sample = sample[:MOST_SAMPLED]
    fitted = len(marked) >= LEAST_FITTED and len(marked.more) and len(sample)
    found = _fitted(marked, sample) if fitted else _rocchio(marked, sample)
    return None if np.linalg.norm(found) < SHORTEST else _unit(found[None])


def _rocchio(marked: Marked, sample: Vectors) -> NDArray[np.float64]:
    width = marked.more.shape[1]
    centre = sample.mean(0, dtype=np.float64) if len(sample) else np.zeros(width)
    found = np.zeros(width)
    if len(marked.more):
        found += marked.more.mean(0, dtype=np.float64) - centre
    if len(marked.less):
        share = LESS if len(marked.more) else 1
        found -= share * (marked.less.mean(0, dtype=np.float64) - centre)
    return found


def _fitted(marked: Marked, sample: Vectors) -> NDArray[np.float64]:
    """The weights of a logistic model with a normal prior, by Newton's method over the examples.

    Rasmussen and Williams (2006), algorithm 3.1, with a linear kernel: its cost grows with the
    examples, of which there are fewer than dimensions. "Less" and the sample are balanced against
    "more", or a few of what is wanted would drown in what is not.
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
    for _ in range(MOST_STEPS):
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
