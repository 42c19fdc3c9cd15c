"""Colours as people see them: CIELAB, distances in it, and the shades that a name covers.

Distances are those of CIE 1976: 2 is just seen, 100 is from black to white.
"""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

Lab = NDArray[np.int16]
"""(n, 3) lightness 0 to 100, green to red and blue to yellow about -128 to 127, rounded."""

# Two shades of one blue jacket are 10 to 20 apart, red and orange 40; docs/relevance.md has
# results on photographs.
TOLERANCE = 20

# One colour name covers a wide range: each lists shades as photographs have them, the purest
# first, which is the one that a page shows.
NAMED: dict[str, tuple[str, ...]] = {
    "red": ("#d62728", "#ff0000", "#a01c1c", "#7b2d2d", "#c24a4a"),
    "orange": ("#f28c1e", "#ff6a00", "#d9772b", "#e0a060"),
    "yellow": ("#f5d327", "#ffff00", "#d8c04a", "#e9dd8e"),
    "green": ("#3f9b3f", "#00ff00", "#1f5f1f", "#5a7a3a", "#8fb85a", "#2f4a2f"),
    "turquoise": ("#2ab5b0", "#00ffff", "#137a7a", "#7fd0cc"),
    "blue": ("#2f5fc4", "#0000ff", "#1a2470", "#4f8fd0", "#8fbde8", "#46688c"),
    "purple": ("#7d3fa8", "#a020f0", "#4b2a6b", "#a58bc9"),
    "pink": ("#f28ab2", "#ff4fa0", "#f7c0d0", "#c76a92"),
    "brown": ("#7a4a28", "#5a3a24", "#a0703f", "#3d2a1c"),
    "beige": ("#d9c7a3", "#c2a988", "#efe4cf"),
    "white": ("#fafafa", "#ffffff"),
    "grey": ("#808080", "#5c5c5c", "#a6a6a6"),
    "black": ("#0a0a0a", "#1e1e1e"),
}

# Colours without a hue differ by lightness, and any faint colour is near one of them.
NARROW = {"white": 10, "grey": 15, "black": 14, "beige": 12, "brown": 14}

# The edge of the cells by which an index finds colours: a tolerance then reaches 27 at most.
CELL = 20
CELLS = 16

# White as sRGB has it (D65), and how sRGB's primaries make up X, Y and Z (IEC 61966-2-1).
WHITE = np.array([0.95047, 1.0, 1.08883])
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.072175],
        [0.0193339, 0.119192, 0.9503041],
    ]
)


def lab(codes: Sequence[str]) -> Lab:
    """Return colours written as "#rrggbb" in CIELAB, as whole numbers."""
    bytes_ = np.frombuffer(bytes.fromhex("".join(code[1:] for code in codes)), np.uint8)
    values = bytes_.reshape(-1, 3) / 255
    linear = np.where(values > 0.04045, ((values + 0.055) / 1.055) ** 2.4, values / 12.92)
    relative = linear @ TO_XYZ.T / WHITE
    x, y, z = np.where(relative > 0.008856, np.cbrt(relative), 7.787 * relative + 16 / 116).T
    triples = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)
    result: Lab = np.rint(triples).astype(np.int16)
    return result


def cells(colours: Lab) -> NDArray[np.int64]:
    """Return the cell (n,) of each colour."""
    lightness, a, b = (colours.astype(np.int64) + np.array([0, 160, 160])).T // CELL
    numbers: NDArray[np.int64] = (lightness * CELLS + a) * CELLS + b
    return numbers


def cells_near(colour: Lab, tolerance: int) -> list[int]:
    """Return the cells that cover all colours within `tolerance` of one colour (3,)."""
    steps = range(-tolerance, tolerance + CELL, CELL)
    corners = np.array(list(product(*[[min(step, tolerance) for step in steps]] * 3)), np.int16)
    near = colour + corners
    near[:, 0] = near[:, 0].clip(0, 100)
    return sorted(set(cells(near).tolist()))


def shades(colour: str) -> Iterator[tuple[Lab, int]]:
    """Yield the shades (3,) of a name or "#rrggbb", each with the largest distance that matches."""
    tolerance = NARROW.get(colour, TOLERANCE)
    for shade in lab(NAMED.get(colour, (colour,))):
        yield shade, tolerance


def are(colour: str, colours: Lab) -> NDArray[np.bool_]:
    """Return which of `colours` (n, 3) match a name or "#rrggbb", (n,)."""
    matches = np.zeros(len(colours), bool)
    for shade, tolerance in shades(colour):
        away = colours.astype(np.int32) - shade
        matches |= (away * away).sum(axis=1) <= tolerance**2
    return matches
