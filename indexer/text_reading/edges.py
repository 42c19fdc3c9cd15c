"""Statistics of a picture's edges, which tell writing from most of what is photographed."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

Features = NDArray[np.float64]
"""(features,), each a share from 0 to 1 or near it, in the order of `FEATURES`."""

# The longer side at which edges are looked at, and the side of a cell.
SIDE_PX = 512
CELL_PX = 16

# Steps of grey between neighbours: any edge at all, a stroke of writing, and black on white.
EDGE, STROKE, SHARP = 12, 60, 100

# A cell is flat with less than this share of edges, and looks like writing from these shares of
# strokes among its pixels and among its edges on.
FLAT, WRITTEN, CRISP = 0.05, 0.12, 0.4

FEATURES = (
    "strokes",
    "sharp strokes",
    "flat cells",
    "strokes of the densest tenth",
    "crispness of the crispest tenth",
    "cells like writing",
    "crispness of the crispest fiftieth",
    "strokes of the densest fiftieth",
)


def edge_features(picture: "Image") -> Features:
    """Return the features of a picture; zeros for one that is smaller than a cell."""
    grey = picture.convert("L")
    grey.thumbnail((SIDE_PX, SIDE_PX))
    steps = _steps(np.asarray(grey, np.int16))
    cells = _cells(steps)
    if not len(cells):
        return np.zeros(len(FEATURES))
    strokes, edges = (cells > STROKE).mean(axis=1), (cells > EDGE).mean(axis=1)
    crispness = strokes / (edges + 0.05)
    return np.array(
        [
            (steps > STROKE).mean(),
            (steps > SHARP).mean(),
            (edges < FLAT).mean(),
            np.quantile(strokes, 0.9),
            np.quantile(crispness, 0.9),
            ((strokes > WRITTEN) & (crispness > CRISP)).mean(),
            np.quantile(crispness, 0.98),
            np.quantile(strokes, 0.98),
        ]
    )


def _steps(grey: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return for each pixel the larger step to its right and lower neighbour."""
    right, down = np.abs(np.diff(grey, axis=1)), np.abs(np.diff(grey, axis=0))
    steps: NDArray[np.int16] = np.maximum(right[:-1], down[:, :-1])
    return steps


def _cells(steps: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the pixels of each cell (cells, pixels); what is left at the edges is left out."""
    rows, columns = steps.shape[0] // CELL_PX, steps.shape[1] // CELL_PX
    inner = steps[: rows * CELL_PX, : columns * CELL_PX]
    tiles = inner.reshape(rows, CELL_PX, columns, CELL_PX).swapaxes(1, 2)
    return tiles.reshape(rows * columns, CELL_PX * CELL_PX)
