"""The preparation of a picture for a tower: resized, cropped or padded, 8 bits a channel."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from search.records import Pixels

Resize = Literal["shortest", "longest", "squash"]

RESAMPLING = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}

# A picture is resized whole and then cropped, as in open_clip, while that costs no more than
# this many times the pixels that remain. A 30,000 x 2 strip would grow to gigabytes first.
WASTE_LIMIT = 16


@dataclass(frozen=True, slots=True)
class Preparation:
    """The geometry and the normalisation of a picture tower's input.

    "shortest" scales the shortest side to size and crops the middle, "longest" scales the longest
    side to size and pads with `fill`, "squash" ignores the aspect. `mean` and `std` are per channel
    in units of 0 to 1; encoders apply them, so the data between processes stays uint8.

    The pixels equal those of open_clip 3.3's validation transform (its `transform.py`, with
    torchvision's Resize and CenterCrop), so its published weights get the same input as in tests.
    """

    height_px: int
    width_px: int
    resize: Resize
    interpolation: Literal["bilinear", "bicubic"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    fill: int = 0

    def pixels(self, picture: Image.Image, *, exact: bool = True) -> Pixels:
        """Turn an upright RGB picture into (height_px, width_px, 3) uint8.

        Unless `exact`, pixels that a crop would cut off are not computed: values may round
        differently, and a photograph takes three quarters of the time.
        """
        target = (self.width_px, self.height_px)
        if self.resize == "squash":
            return np.asarray(self._resize(picture, target), dtype=np.uint8)
        size = self._followed_size(picture)
        if self.resize == "longest":
            return np.asarray(self._pad(self._resize(picture, size)), dtype=np.uint8)
        # The middle, rounded half to even, as torchvision's center_crop does.
        left = round((size[0] - self.width_px) / 2.0)
        top = round((size[1] - self.height_px) / 2.0)
        window = (left, top, left + self.width_px, top + self.height_px)
        most = WASTE_LIMIT if exact else 1
        if size[0] * size[1] > most * self.width_px * self.height_px:
            return np.asarray(self._resize_window(picture, size, window), dtype=np.uint8)
        return np.asarray(self._resize(picture, size).crop(window), dtype=np.uint8)

    def _followed_size(self, picture: Image.Image) -> tuple[int, int]:
        """Return (width, height) that keeps the aspect: one side fits, the other follows."""
        width, height = picture.size
        if self.resize == "shortest" and self.width_px == self.height_px:
            # torchvision's Resize truncates the side that follows, ...
            if width <= height:
                return self.width_px, int(self.width_px * height / width)
            return int(self.height_px * width / height), self.height_px
        # ... open_clip's ResizeKeepRatio rounds it.
        pick = min if self.resize == "shortest" else max
        ratio = pick(height / self.height_px, width / self.width_px)
        return max(1, round(width / ratio)), max(1, round(height / ratio))

    def _resize(self, picture: Image.Image, size: tuple[int, int]) -> Image.Image:
        if picture.size == size:
            return picture
        return picture.resize(size, RESAMPLING[self.interpolation])

    def _resize_window(
        self, picture: Image.Image, size: tuple[int, int], window: tuple[int, int, int, int]
    ) -> Image.Image:
        """Resize only the part `window` of the picture at `size`; equal to within rounding."""
        across, down = picture.width / size[0], picture.height / size[1]
        left, top, right, bottom = window
        right_px = min(right * across, picture.width)  # a rounding must not leave the picture
        bottom_px = min(bottom * down, picture.height)
        box = (left * across, top * down, right_px, bottom_px)
        target = (self.width_px, self.height_px)
        return picture.resize(target, RESAMPLING[self.interpolation], box=box)

    def _pad(self, picture: Image.Image) -> Image.Image:
        target = (self.width_px, self.height_px)
        if picture.size == target:
            return picture
        canvas = Image.new("RGB", target, (self.fill,) * 3)
        left = (self.width_px - picture.width) // 2
        top = (self.height_px - picture.height) // 2
        canvas.paste(picture, (left, top))
        return canvas
