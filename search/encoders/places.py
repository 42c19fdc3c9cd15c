"""Places in a picture: the evidence of each for a query, where a pair can tell.

An encoder may have it as its attribute `places`; the engine tells no places where it has none.
"""

from typing import Protocol

import numpy as np

from search.encoders import Encoder
from search.records import Pixels, Scores, Vectors


class PlaceReader(Protocol):
    """A picture tower that can tell what each place of a picture adds to its vector."""

    def shares_of_places(self, pixels: Pixels) -> Vectors:
        """Return what each place adds, (n, width, rows, columns); its sum is the vector.

        `pixels` are (n, height, width, 3) uint8, of the preparation's size.
        """


def places_of(encoder: Encoder) -> PlaceReader | None:
    """Return the reader of places of an encoder; None for most."""
    reader: PlaceReader | None = getattr(encoder, "places", None)
    return reader


def places_that_speak(reader: PlaceReader, pixels: Pixels, query: Vectors) -> Scores:
    """Return the evidence of each place of a picture for a query, (rows, columns) from 0 to 1.

    `pixels` are (height, width, 3), `query` is (width,). 1 is the place that adds the most to the
    cosine; places that add no more than half of the others are 0. It is the class activation map
    of Zhou et al., "Learning Deep Features for Discriminative Localization" (CVPR 2016), with the
    query's vector in place of a class's weights.
    """
    shares = reader.shares_of_places(pixels[None])[0]
    cosines = np.einsum("c,crk->rk", query, shares)
    excess = np.maximum(cosines - np.median(cosines), 0.0)
    most = excess.max()
    return np.asarray(excess / most if most > 0 else excess, np.float32)
