"""Training of an adapter: gradients in NumPy, a few hundred small steps, deterministic."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.training.adapter.examples import AdapterExamples
from search.catalog.query_adapter import Adapter
from search.records import Ids, Vectors

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AdapterConfig:
    """The settings of an adapter's training; docs/relevance.md names the data that set them."""

    rank: int = 16
    steps: int = 100
    rate: float = 0.005
    decay: float = 5.0  # the weight decay: few marks must not move much
    still: float = 30.0  # the weight of moving texts without marks
    temperature: float = 0.05
    others: int = 256  # pictures drawn as negatives of the marked ones
    seed: int = 17


def train(examples: AdapterExamples, config: AdapterConfig = AdapterConfig()) -> Adapter:
    """Return an adapter that moves the training questions towards their answers."""
    chance = np.random.default_rng(config.seed)
    width = examples.texts.shape[1]
    down = chance.normal(size=(config.rank, width)) / np.sqrt(width)
    up = np.zeros((config.rank, width))
    adam = [_Adam(config), _Adam(config)]
    count = min(config.others, len(examples.pictures))
    for _ in range(config.steps):
        negatives = chance.choice(len(examples.pictures), count, replace=False)
        slopes = _slopes(examples, down, up, negatives, config)
        down -= adam[0].step(slopes[0]) + config.rate * config.decay * down
        up -= adam[1].step(slopes[1]) + config.rate * config.decay * up
    return Adapter(down.astype(np.float32), up.astype(np.float32))


def _slopes(
    examples: AdapterExamples, down: Matrix, up: Matrix, negatives: Ids, config: AdapterConfig
) -> tuple[Matrix, Matrix]:
    """Return the gradients of the mean loss: each answer against "less" marks and drawn pictures.

    Texts without any marks are to stay where they are.
    """
    texts = examples.texts[: examples.training_count].astype(np.float64)
    inner = texts @ down.T
    outputs = texts + inner @ up
    lengths = np.linalg.norm(outputs, axis=1, keepdims=True)
    units = outputs / lengths
    pull = np.zeros_like(units)
    for row, question in enumerate(examples.questions[: examples.training_count]):
        rest = np.concatenate([question.less, negatives[~np.isin(negatives, question.more)]])
        right, wrong = examples.pictures[question.more], examples.pictures[rest]
        pull[row] = _pull(units[row], right, wrong, config.temperature)
    pull /= len(units)
    # Through the scaling to unit length, then through both matrices.
    slope = (pull - (pull * units).sum(1, keepdims=True) * units) / lengths
    still = examples.still.astype(np.float64)
    inner_still = still @ down.T
    slope_still = 2 * config.still / max(1, len(still)) * (inner_still @ up)
    return (
        (slope @ up.T).T @ texts + (slope_still @ up.T).T @ still,
        inner.T @ slope + inner_still.T @ slope_still,
    )


def _pull(unit: NDArray[np.float64], right: Vectors, wrong: Vectors, temperature: float) -> Matrix:
    """Return the gradient (width,) of the cross entropy of each right picture among wrong ones."""
    good, bad = right @ unit / temperature, wrong @ unit / temperature
    top = max(good.max(), bad.max(initial=-np.inf))
    good, bad = np.exp(good - top), np.exp(bad - top)
    total = good + bad.sum()  # (right,): each answer alone against all wrong pictures
    of_right = ((good / total - 1)[:, None] * right).sum(0)
    of_wrong = (1 / total).sum() * (bad @ wrong)
    gradient: Matrix = (of_right + of_wrong) / (temperature * len(right))
    return gradient


class _Adam:
    """An optimizer whose steps suit each weight's gradients (Kingma and Ba 2015)."""

    def __init__(self, config: AdapterConfig) -> None:
        self._rate = config.rate
        self._count = 0
        self._mean: Matrix | float = 0.0
        self._square: Matrix | float = 0.0

    def step(self, slope: Matrix) -> Matrix:
        self._count += 1
        self._mean = 0.9 * self._mean + 0.1 * slope
        self._square = 0.999 * self._square + 0.001 * slope**2
        mean = self._mean / (1 - 0.9**self._count)
        square = self._square / (1 - 0.999**self._count)
        change: Matrix = self._rate * mean / (np.sqrt(square) + 1e-8)
        return change
