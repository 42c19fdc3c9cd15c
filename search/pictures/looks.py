"""How a picture looks in a few bytes: its main colours, and a hash that near copies share."""

import numpy as np
from PIL import Image

COLOURS = 5

# A colour that covers less is a detail.
LEAST_SHARE = 0.04

SIDE_PX = 32
KEPT = 8

# The first rows of the orthonormal DCT-II of 32 values.
_STEPS = np.pi / SIDE_PX * np.outer(np.arange(KEPT), np.arange(SIDE_PX) + 0.5)
DCT = (np.cos(_STEPS) * np.sqrt(2 / SIDE_PX)).astype(np.float32)


def main_colours(picture: Image.Image) -> tuple[str, ...]:
    """Up to five colours of an RGB picture as "#rrggbb", the most of it first."""
    small = picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    reduced = small.quantize(COLOURS, Image.Quantize.MEDIANCUT)
    palette = reduced.getpalette() or []
    counts = sorted(reduced.getcolors() or [], reverse=True)
    named = (
        "#{:02x}{:02x}{:02x}".format(*palette[3 * int(place) : 3 * int(place) + 3])
        for count, place in counts
        if count >= LEAST_SHARE * SIDE_PX**2 and isinstance(place, int)
    )
    return tuple(dict.fromkeys(named))


def perceptual_hash(picture: Image.Image) -> int:
    """64 bits, signed, of an RGB picture: which low frequencies lie above their median.

    Copies that were scaled or compressed again differ in a few bits (Zauner 2010, pHash).
    """
    grey = picture.convert("L").resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    low = DCT @ np.asarray(grey, dtype=np.float32) @ DCT.T
    bits = (low > np.median(low.ravel()[1:])).ravel()
    return int(np.packbits(bits).view(">i8")[0])
