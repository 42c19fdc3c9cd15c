"""A shade to lay over a picture: clear at the places with the most evidence, dark elsewhere."""

from io import BytesIO

import numpy as np
from PIL import Image

from search.records import Scores

COLOUR, OPACITY = (8, 8, 12), 0.7
"""The shade's colour, and how much it hides at the places that say nothing."""

SOFT = 0.6
"""The power of what speaks: places with a third of the most are half clear."""

# Between places the shade is smooth; browsers stretch the rest.
STEPS = 12


def shade(places: Scores) -> bytes:
    """Return the PNG of a shade for a picture by its places (rows, columns), each from 0 to 1."""
    rows, columns = places.shape
    size = (columns * STEPS, rows * STEPS)
    smooth = np.asarray(Image.fromarray(places).resize(size, Image.Resampling.BICUBIC))
    clear = np.clip(smooth, 0.0, 1.0) ** SOFT
    hidden = (1.0 - clear) * OPACITY
    pixels = np.empty((*hidden.shape, 4), np.uint8)
    pixels[..., :3] = COLOUR
    pixels[..., 3] = np.round(hidden * 255)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
