"""Estimates of how long a pair takes for a collection on this machine."""

import statistics
import time
from functools import cache

import numpy as np

SIDE = 1024
"""Of the matrices that are multiplied: 1.07 thousand million multiply-adds, 20 ms on two cores."""

REPEATS = 3

SHARE = 0.5
"""The part of a plain product's speed that whole towers reach. On two cores of docs/notes/
performance.md ViT-B-32 (4.4 thousand million) did 35 pictures a second in float32: 154 thousand
million a second, of some 300 that the product reaches there."""

TYPICAL_GMACS = {"fast": 0.5, "medium": 4.0, "slow": 17.0, "GPU": 200.0}
"""The work of a picture of a class of `speed`, where nothing more is known."""


@cache
def gmacs_per_s() -> float:
    """Measure the thousand million multiply-adds a second of a product in float32, on all cores.

    It is measured once in a process.
    """
    left, right = (np.random.default_rng(seed).random((SIDE, SIDE), np.float32) for seed in (0, 1))
    left @ right
    took_s = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        left @ right
        took_s.append(time.perf_counter() - began)
    return SIDE**3 / 1e9 / statistics.median(took_s)


def seconds(pictures: int, gmacs: float, machine_gmacs_per_s: float) -> float:
    """Return how long the picture tower takes for a number of pictures, by its work."""
    return pictures * gmacs / (machine_gmacs_per_s * SHARE)


def work_of(speed: str | None) -> float | None:
    """Return the typical work of a class of speed; None for an unknown one."""
    return TYPICAL_GMACS[speed] if speed is not None else None


def duration(seconds: float) -> str:
    """Return a duration in words, as exact as an estimate is: "about 40 min"."""
    if seconds < 90:
        return f"about {max(1, round(seconds / 10)) * 10} s"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min"
    if seconds < 48 * 3600:
        return f"about {round(seconds / 3600)} h"
    return f"about {round(seconds / 86400)} days"
