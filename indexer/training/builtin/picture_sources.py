"""Sources of a batch's pictures: fresh views through the whole tower, or stored features."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from indexer.training.builtin.picture_tower import Features, PictureTower
from indexer.training.builtin.views import Views
from indexer.training.data.augment import mix

CHUNK = 64


@dataclass(frozen=True, slots=True)
class PictureBatch:
    """The unit rows (n, width) of a batch's pictures.

    Where views were mixed, `others` (n,) is the picture mixed into each, and `share` what each
    retains of its own.
    """

    vectors: Tensor
    others: Tensor | None = None
    share: float = 1.0

    def blend(self, targets: Tensor) -> Tensor:
        """Return targets (n, anything), one row a picture, by the pictures' shares."""
        if self.others is None:
            return targets
        return torch.lerp(targets[self.others], targets, self.share)


class PictureSource(Protocol):
    """A source of a batch's pictures."""

    def see(
        self, tower: PictureTower, places: NDArray[np.int64], draw: np.random.Generator
    ) -> PictureBatch:
        """Embed the pictures at `places` by the tower, as `draw` shows them."""


@dataclass(frozen=True, slots=True)
class FreshViews:
    """New views at each step, through the whole tower; `mix_share` of the batches are mixed."""

    views: Views
    mix_share: float
    device: str = "cpu"

    def see(
        self, tower: PictureTower, places: NDArray[np.int64], draw: np.random.Generator
    ) -> PictureBatch:
        """Embed a new view of each picture."""
        pixels = self.views.sample(places, draw).to(self.device)
        if draw.random() >= self.mix_share:
            return PictureBatch(tower(pixels))
        pixels, others, share = mix(pixels, draw)
        return PictureBatch(tower(pixels), others, share)


@dataclass(frozen=True, slots=True)
class StoredFeatures:
    """Features for the head of every whole picture and its mirror image, bfloat16."""

    last: Tensor
    earlier: Tensor
    may_mirror: NDArray[np.bool_]

    def see(
        self, tower: PictureTower, places: NDArray[np.int64], draw: np.random.Generator
    ) -> PictureBatch:
        """Embed each picture by the head alone, half of them mirrored."""
        mirror = (draw.random(len(places)) < 0.5) & self.may_mirror[places]
        rows = torch.from_numpy(places + len(self.may_mirror) * mirror)
        device = tower.project.weight.device
        return PictureBatch(
            tower.head(Features(self.last[rows].to(device), self.earlier[rows].to(device)))
        )


@torch.no_grad()
def store_features(tower: PictureTower, views: Views) -> StoredFeatures:
    """Run the backbone over every picture and its mirror image: 330 kB of memory a picture."""
    tower.eval()
    device, count = tower.project.weight.device, len(views)
    last = earlier = torch.empty(0)
    for mirror in (False, True):
        for start in range(0, count, CHUNK):
            pixels = views.plain(np.arange(start, min(count, start + CHUNK))).to(device)
            pixels = pixels.flip(3) if mirror else pixels
            with torch.autocast(device.type, dtype=torch.bfloat16):
                part = tower.features(tower.lower(pixels))
            if not len(last):
                last = torch.empty((2 * count, *part.last.shape[1:]), dtype=torch.bfloat16)
                earlier = torch.empty((2 * count, *part.earlier.shape[1:]), dtype=torch.bfloat16)
            rows = slice(start + mirror * count, start + mirror * count + len(pixels))
            last[rows], earlier[rows] = part.last, part.earlier
    return StoredFeatures(last, earlier, views.may_mirror)
