"""Views of two pictures at once, whose captions are wanted in the same shares."""

import numpy as np
import torch
from torch import Tensor

BLEND = 0.4
"""Of the beta distribution that the share of a blended picture is drawn from."""

PASTED = (0.05, 0.5)
"""Least and largest share of a view that is pasted over it."""


def mixed(views: Tensor, draw: np.random.Generator) -> tuple[Tensor, Tensor, float]:
    """Mix each view (n, 3, h, w) with another one of the batch: blended over it (Zhang et al. 2018)
    or a square of it pasted in (Yun et al. 2019), one way for the whole batch.

    Gives the mixed views, which view (n,) was mixed into each, and the share that each still is of
    its own.
    """
    count, side = len(views), views.shape[-1]
    others = torch.from_numpy(draw.permutation(count)).to(views.device)
    if draw.random() < 0.5:
        share = float(draw.beta(BLEND, BLEND))
        share = max(share, 1 - share)
        mixture = torch.lerp(views[others], views, share)
    else:
        edge = int(side * np.sqrt(draw.uniform(*PASTED)))
        top, left = draw.integers(0, side - edge + 1, 2)
        pasted = (..., slice(top, top + edge), slice(left, left + edge))
        mixture = views.clone()
        mixture[pasted] = views[others][pasted]
        share = 1 - edge * edge / (side * side)
    return mixture, others, share
