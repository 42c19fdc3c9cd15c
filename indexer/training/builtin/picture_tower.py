"""The sizes of both towers, and the picture tower: a backbone with attention pooling."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from indexer.training.builtin.backbone import (
    BACKBONES,
    EFFICIENTNET_LITE2,
    LAST_CHANNELS,
    blocks_of,
    freeze,
)


@dataclass(frozen=True, slots=True)
class TowerShape:
    """The free sizes and the backbone's name; all others follow from the weights at the start."""

    width: int = 384
    vocabulary: int = 30522
    layers: int = 6
    heads: int = 12
    hidden_width: int = 384
    positions: int = 48
    backbone: str = EFFICIENTNET_LITE2.name


@dataclass(frozen=True, slots=True)
class Features:
    """Features of n pictures for the head: (n, 1280, h / 32, w / 32) and (n, earlier channels).

    `last` is the last map; `earlier` holds the means over the places of the `early_blocks`.
    """

    last: Tensor
    earlier: Tensor

    @classmethod
    def of(cls, last: Tensor, early_maps: Sequence[Tensor]) -> "Features":
        """Return the features of the maps that `PictureTower.maps` returns."""
        return cls(last, torch.cat([each.mean((2, 3)) for each in early_maps], 1))


class PictureTower(nn.Module):
    """The picture tower: (n, 3, h, w) in -1..1 -> (n, width) unit rows.

    The places of the last feature map are summed up by their mean and by attention pooling, those
    of the backbone's `early_blocks` by their mean.
    """

    def __init__(self, shape: TowerShape, dropout: float = 0.1) -> None:
        super().__init__()
        backbone = BACKBONES[shape.backbone]
        self.backbone_name = shape.backbone
        self.frozen_blocks = backbone.fixed_blocks
        self.early_blocks = backbone.early_blocks
        self.body, channels = blocks_of(backbone)
        self.pool = AttentionPool(LAST_CHANNELS, 4)
        self.project = nn.Linear(LAST_CHANNELS, shape.width)
        self.attend = nn.Linear(LAST_CHANNELS, shape.width, bias=False)
        total = sum(channels[block] for block in backbone.early_blocks)
        self.earlier = nn.Linear(total, shape.width, bias=False)
        self.drop = nn.Dropout(dropout)
        freeze(self.body, backbone.fixed_blocks)

    def lower(self, pixels: Tensor) -> Tensor:
        """Run the frozen blocks: (n, 3, h, w) in -1..1 -> (n, c, h', w')."""
        for block in self.body[: self.frozen_blocks]:
            pixels = block(pixels)
        return pixels

    def maps(self, activations: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Run all further blocks; return the last map, and the maps of the `early_blocks`."""
        early_maps = []
        for number, block in enumerate(self.body[self.frozen_blocks :], self.frozen_blocks):
            activations = block(activations)
            if number in self.early_blocks:
                early_maps.append(activations)
        return activations, early_maps

    def features(self, activations: Tensor) -> Features:
        """Run all further blocks on the frozen blocks' activations, down to what the head takes."""
        return Features.of(*self.maps(activations))

    def head(self, features: Features) -> Tensor:
        """Embed the features of n pictures -> (n, width) unit rows."""
        places = features.last.flatten(2).transpose(1, 2)
        joint = self.project(self.drop(places.mean(1))) + self.attend(self.drop(self.pool(places)))
        joint = joint + self.earlier(self.drop(features.earlier))
        return functional.normalize(joint.float(), dim=-1)

    def shares(self, last: Tensor, early_maps: Sequence[Tensor]) -> Tensor:
        """Return what each place of a picture adds to its vector, (n, width, h / 32, w / 32).

        The vector is linear in the places before it gets its unit length, so the sum over the
        places is the vector, and the product of a text's vector with each place tells how much that
        place adds to their cosine. Source: Zhou et al. 2016, class activation maps.
        """
        height, width = last.shape[2:]
        places = last.flatten(2).transpose(1, 2)
        weights = self.pool.weights(places).repeat_interleave(LAST_CHANNELS // self.pool.heads, 2)
        earlier = torch.cat(
            [
                functional.avg_pool2d(each, each.shape[2] // height).flatten(2).transpose(1, 2)
                for each in early_maps
            ],
            2,
        )
        # In rows, so that the exported graph has one copy of the matrix.
        by_project = self.project(places.flatten(0, 1)).unflatten(0, places.shape[:2])
        by_mean = by_project + self.earlier(earlier)
        joint = by_mean / (height * width) + self.attend(weights * places)
        length = joint.sum(1, keepdim=True).norm(dim=-1, keepdim=True)
        shares: Tensor = (joint / length).transpose(1, 2).unflatten(2, (height, width))
        return shares

    def upper(self, activations: Tensor) -> Tensor:
        """Embed the frozen blocks' activations -> (n, width) unit rows."""
        return self.head(self.features(activations))

    def forward(self, pixels: Tensor) -> Tensor:
        """Embed (n, 3, h, w) in -1..1 -> (n, width) unit rows."""
        return self.upper(self.lower(pixels))


class AttentionPool(nn.Module):
    """Learned queries over the places; each head pools its own slice of the channels."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.score = nn.Linear(channels, heads)
        nn.init.zeros_(self.score.bias)

    def weights(self, places: Tensor) -> Tensor:
        """Return each head's weights (n, places, heads) of the places (n, places, channels)."""
        weights: Tensor = self.score(places).softmax(1)
        return weights

    def forward(self, places: Tensor) -> Tensor:
        """Pool (n, places, channels) -> (n, channels)."""
        weights = self.weights(places)
        slices = places.reshape(*places.shape[:2], self.heads, -1)
        output: Tensor = (weights.unsqueeze(-1) * slices).sum(1).flatten(1)
        return output
