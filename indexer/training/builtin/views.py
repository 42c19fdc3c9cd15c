"""Augmented views of the training pictures, random at each step, equal for equal draws."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from indexer.captioned_pictures import CaptionedPicture
from indexer.training.data.augment import crop_shares, may_mirror
from search.encoders.preparation import Preparation
from search.errors import BadPicture, BadSource
from search.pictures import read_picture

TRAINED = Preparation(224, 224, "squash", "bilinear", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
"""The publisher squashed the training pictures to 224x224, so every picture is squashed."""

SEARCHED = replace(TRAINED, width_px=256, height_px=256)
"""The size that pictures are searched at.

A crop shows things larger than the whole picture does, so whole pictures are searched larger
than crops are trained (Touvron et al. 2019): of held-out ones it found more than 224, and about
as much as 288, which takes a quarter longer.
"""

MIN_AREA = 0.35
LARGEST_STRETCH = 4 / 3
"""The largest stretch of a random resized crop."""

LIGHT = 0.4
"""Brightness, contrast and colour change by up to this share."""

TINT = 0.1
"""Each channel changes by up to this share."""

GREY, HIDDEN = 0.1, 0.25
"""Shares of the views that lose their colour, and that lose a square of 20 to 50% of a side."""

LUMA = (0.299, 0.587, 0.114)


class Views:
    """The training pictures in memory, (n, 256, 256, 3) uint8: 200 kB each.

    Half of the views are mirrored, but none of a picture whose captions mention left or right.

    Raises:
        BadSource: a picture can't be read.
    """

    def __init__(self, pictures: Sequence[CaptionedPicture]) -> None:
        paths = [picture.path for picture in pictures]
        self.may_mirror = np.array([may_mirror(picture.texts) for picture in pictures])
        size = (len(pictures), SEARCHED.height_px, SEARCHED.width_px, 3)
        self._pixels = np.empty(size, np.uint8)
        with ThreadPoolExecutor() as threads:
            for place, pixels in enumerate(threads.map(_prepare, paths)):
                self._pixels[place] = pixels

    def __len__(self) -> int:
        return len(self._pixels)

    def plain(self, places: NDArray[np.int64]) -> Tensor:
        """Return the whole pictures at `places`, (n, 3, 256, 256) float32 in -1..1."""
        return to_input(self._pixels[places])

    def sample(self, places: NDArray[np.int64], draw: np.random.Generator) -> Tensor:
        """Return one new view of each picture at `places`, (n, 3, 224, 224) float32 in -1..1.

        A view is a random resized crop, mirrored or not, in another light.
        """
        sources = (self._pixels[places], self.may_mirror[places], draw.spawn(len(places)))
        with ThreadPoolExecutor() as threads:
            crops = list(threads.map(_crop, *sources))
        return _relight(to_input(np.stack(crops)), draw)


def to_input(pixels: NDArray[np.uint8]) -> Tensor:
    """Convert (n, h, w, 3) uint8 -> (n, 3, h, w) float32 in -1..1, channels last in memory."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def _prepare(path: Path) -> NDArray[np.uint8]:
    try:
        picture, _ = read_picture(path, target_px=SEARCHED.width_px)
    except BadPicture as error:
        raise BadSource(
            "training-picture-unreadable",
            "can't read a picture to train on: {error}; take its captions out, or mend the file",
            error=error,
        ) from error
    return SEARCHED.pixels(picture)


def _crop(
    pixels: NDArray[np.uint8], may_mirror: bool, draw: np.random.Generator
) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    shares = crop_shares(draw, MIN_AREA, LARGEST_STRETCH)
    across, down = shares[0] * width, shares[1] * height
    left, top = draw.uniform(0, width - across), draw.uniform(0, height - down)
    box = (left, top, left + across, top + down)
    size = (TRAINED.width_px, TRAINED.height_px)
    crop = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR, box))
    return crop[:, ::-1] if draw.random() < 0.5 and may_mirror else crop


def _relight(views: Tensor, draw: np.random.Generator) -> Tensor:
    """Change the light and the colours of views in -1..1, and hide a square of some.

    The change is one 3x3 matrix and one constant for each view.
    """
    count, side = len(views), views.shape[-1]
    bright, contrast, colour = draw.uniform(1 - LIGHT, 1 + LIGHT, (3, count, 1, 1))
    colour = np.where(draw.random((count, 1, 1)) < GREY, 0.0, colour)
    tint = draw.uniform(1 - TINT, 1 + TINT, (count, 3, 1))
    blend = tint * (colour * np.eye(3) + (1 - colour) * np.array(LUMA))
    matrix = bright * contrast * blend
    # In 0..1, y = matrix x + blend (bright (1 - contrast) mean(x)); here all are in -1..1.
    mean = (views.mean((1, 2, 3)).numpy()[:, None, None] + 1) / 2
    constant = (2 * bright * (1 - contrast) * mean * tint)[..., 0] + matrix.sum(2) - 1
    output = torch.einsum("nij,njhw->nihw", torch.from_numpy(matrix).float(), views)
    output = (output + torch.from_numpy(constant).float()[:, :, None, None]).clamp_(-1.0, 1.0)
    for row in np.flatnonzero(draw.random(count) < HIDDEN):
        edge = int(side * draw.uniform(0.2, 0.5))
        top, left = draw.integers(0, side - edge + 1, 2)
        output[row, :, top : top + edge, left : left + edge] = 0.0
    return output.contiguous(memory_format=torch.channels_last)
