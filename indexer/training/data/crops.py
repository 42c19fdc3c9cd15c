"""What a random view may show of a picture: how much of it, and whether mirrored."""

import re
from collections.abc import Iterable

import numpy as np

SIDES = re.compile(r"\b(left|right)\b|左|右", re.IGNORECASE)


def may_mirror(texts: Iterable[str]) -> bool:
    """Whether a mirrored picture still shows what its captions say."""
    return not any(SIDES.search(text) for text in texts)


def crop_shares(
    draw: np.random.Generator, least_area: float, largest_stretch: float
) -> tuple[float, float]:
    """Draw the shares of width and height that a random resized crop takes, each at most 1.

    Its area is drawn evenly from `least_area` to all, and its stretch, width by height where the
    whole is 1, evenly in its logarithm. Source: Szegedy et al. 2015, "Going deeper".
    """
    area = draw.uniform(least_area, 1.0)
    stretch = np.exp(draw.uniform(-np.log(largest_stretch), np.log(largest_stretch)))
    return min(1.0, float(np.sqrt(area * stretch))), min(1.0, float(np.sqrt(area / stretch)))
