"""How the learning rate and the average of the weights move from step to step."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def rate_at(step: int, steps: int, warmup: float) -> float:
    """The share of the peak rate at a step: linear warm-up, then half a cosine down to 1%."""
    start = max(1, int(warmup * steps))
    if step < start:
        return (step + 1) / start
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - start) / max(1, steps - start)))


@torch.no_grad()
def follow(averages: Sequence[Tensor], weights: Sequence[Tensor], step: int, keep: float) -> None:
    """Move the averages a little towards the weights after step `step`, counted from 1.

    At first they move fast: the mean of a few steps should not be mostly the start.
    """
    kept = min(keep, step / (step + 9))
    torch._foreach_mul_(list(averages), kept)
    torch._foreach_add_(list(averages), list(weights), alpha=1 - kept)
