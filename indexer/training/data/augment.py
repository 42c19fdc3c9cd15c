"""Random views of training pictures: cropped, mirrored, in another light, two at once."""

import re
from collections.abc import Iterable

import numpy as np
import torch
from PIL import Image, ImageEnhance
from torch import Tensor

from search.encoders.preparation import Preparation
from search.records import Pixels

MIN_AREA = 0.6
LARGEST_STRETCH = 1.25
LIGHT = 0.25
"""Brightness, contrast and colour change by up to this share."""

BLEND = 0.4
"""The parameter of the beta distribution that a blended picture's share is drawn from."""

PASTED = (0.05, 0.5)
"""Least and largest share of a view that is pasted over it."""

SIDES = re.compile(r"\b(left|right)\b|左|右", re.IGNORECASE)


def augment(
    picture: Image.Image, preparation: Preparation, draw: np.random.Generator, mirror: bool
) -> Pixels:
    """Return a random view of an upright RGB picture, prepared as the tower takes it."""
    shares = crop_shares(draw, MIN_AREA, LARGEST_STRETCH)
    width, height = (
        max(1, round(side * share)) for side, share in zip(picture.size, shares, strict=True)
    )
    left = int(draw.integers(picture.width - width + 1))
    top = int(draw.integers(picture.height - height + 1))
    view = picture.crop((left, top, left + width, top + height))
    if draw.random() < 0.5 and mirror:
        view = view.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        view = enhance(view).enhance(float(draw.uniform(1 - LIGHT, 1 + LIGHT)))
    return preparation.pixels(view)


def may_mirror(texts: Iterable[str]) -> bool:
    """Return whether a mirrored picture still matches its captions."""
    return not any(SIDES.search(text) for text in texts)


def crop_shares(
    draw: np.random.Generator, least_area: float, largest_stretch: float
) -> tuple[float, float]:
    """Draw the shares of width and height that a random resized crop takes, each at most 1.

    Its area is drawn uniformly from `least_area` to 1, and its stretch, width by height where the
    whole is 1, uniformly in its logarithm. Source: Szegedy et al. 2015, "Going deeper".
    """
    area = draw.uniform(least_area, 1.0)
    stretch = np.exp(draw.uniform(-np.log(largest_stretch), np.log(largest_stretch)))
    return min(1.0, float(np.sqrt(area * stretch))), min(1.0, float(np.sqrt(area / stretch)))


def mix(views: Tensor, draw: np.random.Generator) -> tuple[Tensor, Tensor, float]:
    """Mix each view (n, 3, h, w) with another one of the batch, one way for the whole batch.

    The other view is blended over it (Zhang et al. 2018) or a square of it is pasted in (Yun et al.
    2019). Returns the mixed views, the view (n,) mixed into each, and the share that each retains
    of its own.
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
        square = (..., slice(top, top + edge), slice(left, left + edge))
        mixture = views.clone()
        mixture[square] = views[others][square]
        share = 1 - edge * edge / (side * side)
    return mixture, others, share
