"""What a training picture looks like this time: cropped, mirrored, in another light."""

import numpy as np
from PIL import Image, ImageEnhance

from indexer.training.data.crops import crop_shares
from search.encoders.preparation import Preparation
from search.records import Pixels

LEAST_AREA = 0.6
LARGEST_STRETCH = 1.25
LIGHT = 0.25
"""Brightness, contrast and colour change by up to this share."""


def augmented(
    picture: Image.Image, preparation: Preparation, draw: np.random.Generator, mirror: bool
) -> Pixels:
    """A random view of an upright RGB picture, prepared as the tower takes it."""
    shares = crop_shares(draw, LEAST_AREA, LARGEST_STRETCH)
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
