"""The looks of a picture in a few bytes: its main colours, and a hash that near copies share."""

import numpy as np
from PIL import Image

COLOURS = 5

# A colour that covers less is a detail.
MIN_SHARE = 0.04

SIDE_PX = 32
KEPT = 8

# Sixteen levels a channel distinguish colours; finding the main ones among all 256 takes 3 times as
# long. Each main colour is the mean of its pixels.
LEVELS = [round(value / 17) * 17 for value in range(256)] * 3

# The first rows of the orthonormal DCT-II of 32 values.
_STEPS = np.pi / SIDE_PX * np.outer(np.arange(KEPT), np.arange(SIDE_PX) + 0.5)
DCT = (np.cos(_STEPS) * np.sqrt(2 / SIDE_PX)).astype(np.float32)


def looks(picture: Image.Image) -> tuple[tuple[str, ...], int]:
    """Return the main colours and the perceptual hash of an RGB picture, from a small copy."""
    small = picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    return _main_colours(small), _perceptual_hash(small)


def main_colours(picture: Image.Image) -> tuple[str, ...]:
    """Return up to five colours of an RGB picture as "#rrggbb", the most frequent first."""
    return looks(picture)[0]


def perceptual_hash(picture: Image.Image) -> int:
    """Return 64 bits, signed, of an RGB picture: which low frequencies are above their median.

    Copies that were scaled or compressed again differ in a few bits (Zauner 2010, pHash).
    """
    return looks(picture)[1]


def _main_colours(small: Image.Image) -> tuple[str, ...]:
    palette = small.point(LEVELS).quantize(COLOURS, Image.Quantize.MEDIANCUT)
    places = np.asarray(palette).ravel()
    pixels = np.asarray(small).reshape(-1, 3)
    counts = np.bincount(places)
    sums = [np.bincount(places, weights=pixels[:, channel]) for channel in range(3)]
    means = np.rint(np.stack(sums, axis=1) / np.maximum(counts, 1)[:, None]).astype(int)
    names = (
        "#{:02x}{:02x}{:02x}".format(*means[place])
        for place in np.argsort(-counts, kind="stable")
        if counts[place] >= MIN_SHARE * SIDE_PX**2
    )
    return tuple(dict.fromkeys(names))


def _perceptual_hash(small: Image.Image) -> int:
    low = DCT @ np.asarray(small.convert("L"), dtype=np.float32) @ DCT.T
    bits = (low > np.median(low.ravel()[1:])).ravel()
    return int(np.packbits(bits).view(">i8")[0])
