"""The preparation of pictures as transformers' image processors do it."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from search.encoders.preparation import WASTE_LIMIT, Preparation
from search.records import Pixels


@dataclass(frozen=True, slots=True)
class FlooredCrop(Preparation):
    """A preparation that scales the shortest side to `shortest_px` and crops the middle.

    transformers' `center_crop` rounds the place of the crop down, where open_clip's rounds half to
    even, and its crop may be smaller than the shortest side, or larger with black around it.
    """

    shortest_px: int = 0

    def pixels(self, picture: Image.Image, *, exact: bool = True) -> Pixels:
        """Turn an upright RGB picture into (height_px, width_px, 3) uint8.

        Unless `exact`, pixels that the crop would cut off are not computed.
        """
        if self.resize != "shortest":
            return Preparation.pixels(self, picture, exact=exact)
        # As transformers' `get_resize_output_image_size`: the other side is rounded down.
        width, height = picture.size
        short = self.shortest_px
        long = int(short * max(picture.size) / min(picture.size))
        size = (short, long) if width <= height else (long, short)
        left, top = (size[0] - self.width_px) // 2, (size[1] - self.height_px) // 2
        window = (left, top, left + self.width_px, top + self.height_px)
        most = WASTE_LIMIT if exact else 1
        fits = left >= 0 and top >= 0
        if fits and size[0] * size[1] > most * self.width_px * self.height_px:
            return np.asarray(self._resize_window(picture, size, window), dtype=np.uint8)
        return np.asarray(self._resize(picture, size).crop(window), dtype=np.uint8)
