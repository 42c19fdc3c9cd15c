"""A logistic model by Newton's method, with weights that may not be negative."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

RIDGE = 1e-3
"""The penalty on squared weights of standardized features, for a total of examples of 1."""

MAX_STEPS, CONVERGED = 50, 1e-8


def fit_logistic(
    features: Matrix, right: Matrix, shares: Matrix, rising: Sequence[int]
) -> tuple[Matrix, float]:
    """Return the weights (features,) and the constant of a logistic model.

    `features` is (n, features), `right` (n,) from 0 to 1, `shares` (n,) what each example counts.
    Features of the numbers in `rising` that would get a negative weight get 0.
    """
    shares = shares / shares.sum()
    mean = shares @ features
    spread = np.sqrt(shares @ (features - mean) ** 2)
    columns = np.flatnonzero(np.ptp(features, axis=0) > 0)
    while True:
        standard = (features[:, columns] - mean[columns]) / spread[columns]
        solution = _newton(np.column_stack([standard, np.ones(len(standard))]), right, shares)
        negative = [
            place for place in rising if place in columns and solution[:-1][columns == place] < 0
        ]
        if not negative:
            break
        columns = columns[~np.isin(columns, negative)]
    weights = np.zeros(features.shape[1])
    weights[columns] = solution[:-1] / spread[columns]
    return weights, float(solution[-1] - weights @ mean)


def _newton(rows: Matrix, right: Matrix, shares: Matrix) -> Matrix:
    penalty = np.full(rows.shape[1], 2 * RIDGE)
    penalty[-1] = 0
    weights = np.zeros(rows.shape[1])
    for _ in range(MAX_STEPS):
        likely = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (shares * (likely - right)) + penalty * weights
        curvature = (rows * (shares * likely * (1 - likely))[:, None]).T @ rows + np.diag(penalty)
        step = np.linalg.solve(curvature + 1e-12 * np.eye(len(weights)), slope)
        weights -= step
        if np.abs(step).max() < CONVERGED:
            break
    return weights
