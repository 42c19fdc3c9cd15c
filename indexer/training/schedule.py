"""The schedule of the learning rate."""

import math


def rate_at(step: int, steps: int, warmup: float) -> float:
    """Return the share of the peak rate at a step: linear warm-up, then half a cosine down to 1%.

    `warmup` is the share of the steps in the warm-up.
    """
    start = max(1, int(warmup * steps))
    if step < start:
        return (step + 1) / start
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - start) / max(1, steps - start)))
