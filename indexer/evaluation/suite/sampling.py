"""Figures of a suite from its questions: values, 95% intervals, differences between encoders."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.evaluation.metrics import Measure, share

DRAWS = 1_000

BINS = 10
"""Confidences from 0 to 1 are compared with what was right in so many bins of equal width."""

Values = NDArray[np.float64] | NDArray[np.float32] | NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sample:
    """What a figure adds up from, by independent unit (a picture, or a question).

    The figure is the sum over the terms of their absolute totals in `sums` (units, terms), divided
    by the total of `counts` (units,). A mean has one term, a calibration error one for each bin.
    `chance` is the figure of a random order. The interval of a sample of `is_share` is Wilson's.
    """

    sums: NDArray[np.float64]
    counts: NDArray[np.int64]
    chance: float | None = None
    is_share: bool = False

    @property
    def value(self) -> float:
        """Return the figure."""
        return float(np.abs(self.sums.sum(0)).sum() / self.counts.sum())

    def measure(self) -> Measure:
        """Return the figure with its interval: Wilson's, or the bootstrap's percentiles."""
        if self.is_share:
            return share(self.sums[:, 0] / self.counts)
        return _measure(self.value, _draws(self))

    def difference(self, base: "Sample") -> Measure:
        """Return this figure minus that of `base`, of the same units drawn together."""
        return _measure(self.value - base.value, _draws(self) - _draws(base))


def mean_sample(
    values: Values,
    units: NDArray[np.int64],
    *,
    chance: float | None = None,
    is_share: bool = False,
) -> Sample:
    """Return the sample of a mean; `values` and `units` are (n,), a unit is a number from 0."""
    sums = np.bincount(units, values.astype(np.float64)).astype(np.float64)
    return _present_units(sums[:, None], np.bincount(units), chance, is_share)


def calibration_sample(confidence: Values, right: Values, units: NDArray[np.int64]) -> Sample:
    """Return the sample of an expected calibration error (Guo et al. 2017); arguments are (n,)."""
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    surplus = np.subtract(confidence, right, dtype=np.float64)
    sums = np.bincount(units * BINS + bins, surplus, minlength=(int(units.max()) + 1) * BINS)
    return _present_units(
        sums.reshape(-1, BINS).astype(np.float64), np.bincount(units), None, False
    )


def _present_units(
    sums: NDArray[np.float64], counts: NDArray[np.int64], chance: float | None, is_share: bool
) -> Sample:
    return Sample(sums[counts > 0], counts[counts > 0], chance, is_share)


def _draws(sample: Sample) -> NDArray[np.float64]:
    """Return the figure (draws,) of units drawn with replacement, the same for all encoders."""
    draw, units = np.random.default_rng(0), len(sample.counts)
    figures = np.empty(DRAWS)
    for place in range(DRAWS):
        times = np.bincount(draw.integers(units, size=units), minlength=units)
        figures[place] = np.abs(times @ sample.sums).sum() / (times @ sample.counts)
    return figures


def _measure(value: float, draws: NDArray[np.float64]) -> Measure:
    low, high = np.percentile(draws, [2.5, 97.5])
    return Measure(value, float(low), float(high))
