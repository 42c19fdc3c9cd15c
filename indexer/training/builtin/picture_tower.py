"""The sizes of both towers, and the picture tower: a MobileNetV2 with attention pooling."""

import re
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

FROZEN_STAGES = 4
"""Stages below this one keep their ImageNet weights: edges and textures, on maps so large that
their backward pass would cost as much as that of all the rest.
"""

SUMMED_STAGES = (13, 16, 17)
"""Stages whose mean over the places goes to the vector together with the last one's.

Ridge regression from frozen features found 3 points of Recall@10 in them.
"""

STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels, repeats and stride of MobileNetV2 (Sandler et al. 2018, table 2)."""


@dataclass(frozen=True, slots=True)
class TowerShape:
    """The free sizes; all others follow from the weights that training starts from."""

    width: int = 384
    vocabulary: int = 30522
    layers: int = 6
    heads: int = 12
    hidden_width: int = 384
    positions: int = 48


class Convolution(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME: at stride 2 the odd pixel goes right and below."""

    def __init__(
        self, inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(
            inputs, outputs, size, stride, size // 2 if stride == 1 else 0, groups=groups
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Convolve (n, c, h, w) -> (n, c', h / stride, w / stride)."""
        if self.training and self.weight.requires_grad and self.stride[0] == 2 and self.groups > 1:
            # Every other place of stride 1 is the same, and its backward pass 10 times faster.
            every = functional.conv2d(maps, self.weight, self.bias, 1, 1, 1, self.groups)
            return every[:, :, 1::2, 1::2]
        if self.stride[0] == 2:
            maps = functional.pad(maps, (0, 1, 0, 1))
        return super().forward(maps)


class Bottleneck(nn.Module):
    """MobileNetV2's inverted residual, its batch norms folded into the convolutions."""

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        inner = inputs * expansion
        convolutions = [Convolution(inner, inner, 3, stride, inner), Convolution(inner, outputs, 1)]
        if expansion > 1:
            convolutions.insert(0, Convolution(inputs, inner, 1))
        self.path = nn.ModuleList(convolutions)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, maps: Tensor) -> Tensor:
        """Widen, filter and narrow (n, c, h, w) -> (n, c', h / stride, w / stride)."""
        inner = maps
        for convolution in self.path[:-1]:
            inner = functional.relu6(convolution(inner))
        inner = self.path[-1](inner)
        output: Tensor = maps + inner if self.residual else inner
        return output


class Stem(Convolution):
    """A convolution and its activation: the first and the last stage of the body."""

    def forward(self, maps: Tensor) -> Tensor:
        """Convolve and clip to 0..6."""
        return functional.relu6(super().forward(maps))


class PictureTower(nn.Module):
    """The picture tower: (n, 3, h, w) in -1..1 -> (n, width) unit rows.

    The places of the last feature map are summed up by their mean and by attention pooling, those
    of `SUMMED_STAGES` by their mean.
    """

    def __init__(self, shape: TowerShape, dropout: float = 0.1) -> None:
        super().__init__()
        body: list[nn.Module] = [Stem(3, 32, 3, 2)]
        channels, total = 32, 0
        for expansion, outputs, repeats, stride in STAGES:
            for repeat in range(repeats):
                body.append(Bottleneck(channels, outputs, expansion, stride if repeat == 0 else 1))
                channels = outputs
                if len(body) - 1 in SUMMED_STAGES:
                    total += channels
        body.append(Stem(channels, 1280, 1))
        self.body = nn.ModuleList(body)
        self.pool = AttentionPool(1280, 4)
        self.project = nn.Linear(1280, shape.width)
        self.attend = nn.Linear(1280, shape.width, bias=False)
        self.earlier = nn.Linear(total, shape.width, bias=False)
        self.drop = nn.Dropout(dropout)

    def lower(self, pixels: Tensor) -> Tensor:
        """Run the frozen stages: (n, 3, h, w) in -1..1 -> (n, 24, h/4, w/4)."""
        for stage in self.body[:FROZEN_STAGES]:
            pixels = stage(pixels)
        return pixels

    def upper(self, activations: Tensor) -> Tensor:
        """Run all further stages on the frozen stages' activations -> (n, width) unit rows."""
        earlier = []
        for number, stage in enumerate(self.body[FROZEN_STAGES:], FROZEN_STAGES):
            activations = stage(activations)
            if number in SUMMED_STAGES:
                earlier.append(activations.mean((2, 3)))
        places = activations.flatten(2).transpose(1, 2)
        joint = self.project(self.drop(places.mean(1))) + self.attend(self.drop(self.pool(places)))
        joint = joint + self.earlier(self.drop(torch.cat(earlier, 1)))
        return functional.normalize(joint.float(), dim=-1)

    def forward(self, pixels: Tensor) -> Tensor:
        """Embed (n, 3, h, w) in -1..1 -> (n, width) unit rows."""
        return self.upper(self.lower(pixels))

    def load_imagenet(self, weights: dict[str, Tensor]) -> None:
        """Load the body from MobileNetV2 weights whose keys are `body.I[.m.J].c.weight`."""
        body = {}
        for key, tensor in weights.items():
            if key.startswith("body."):
                body[re.sub(r"\.c\.", ".", key.replace(".m.", ".path."))[len("body.") :]] = tensor
        self.body.load_state_dict(body)


class AttentionPool(nn.Module):
    """Learned queries over the places; each head pools its own slice of the channels."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.score = nn.Linear(channels, heads)
        nn.init.zeros_(self.score.bias)

    def forward(self, places: Tensor) -> Tensor:
        """Pool (n, places, channels) -> (n, channels)."""
        weights = self.score(places).softmax(1)
        slices = places.reshape(*places.shape[:2], self.heads, -1)
        output: Tensor = (weights.unsqueeze(-1) * slices).sum(1).flatten(1)
        return output
