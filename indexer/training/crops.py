"""How much of a picture a random view of it shows."""

import numpy as np


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
