"""Backbones of the picture tower: networks of inverted residuals, trained on ImageNet."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

LAST_CHANNELS = 1280


@dataclass(frozen=True, slots=True)
class Backbone:
    """A backbone's architecture, and the blocks that training uses.

    `stages` are the expansion, side of the filters, channels, repeats and stride of each stage.
    The first `fixed_blocks` keep their ImageNet weights: edges and textures, on maps so large that
    their backward pass would cost as much as that of all the rest. The mean over the places of each
    of the `early_blocks` goes to the vector together with the last one's: ridge regression from
    frozen features found 3 points of Recall@10 in them.
    """

    name: str
    stages: tuple[tuple[int, int, int, int, int], ...]
    fixed_blocks: int
    early_blocks: tuple[int, ...]


MOBILENET_V2 = Backbone(
    name="MobileNetV2 1.0",
    stages=(
        (1, 3, 16, 1, 1),
        (6, 3, 24, 2, 2),
        (6, 3, 32, 3, 2),
        (6, 3, 64, 4, 2),
        (6, 3, 96, 3, 1),
        (6, 3, 160, 3, 2),
        (6, 3, 320, 1, 1),
    ),
    fixed_blocks=4,
    early_blocks=(13, 16, 17),
)
"""Source: Sandler et al. 2018, table 2."""

EFFICIENTNET_LITE2 = Backbone(
    name="EfficientNet-Lite2",
    stages=(
        (1, 3, 16, 1, 1),
        (6, 3, 24, 3, 2),
        (6, 5, 48, 3, 2),
        (6, 3, 88, 4, 2),
        (6, 5, 120, 4, 1),
        (6, 5, 208, 5, 2),
        (6, 3, 352, 1, 1),
    ),
    fixed_blocks=8,
    early_blocks=(15, 20, 21),
)
"""Source: Tan and Le 2019, table 1, 1.1 times as wide and 1.2 times as deep, without squeezing."""

BACKBONES = {each.name: each for each in (MOBILENET_V2, EFFICIENTNET_LITE2)}


class Convolution(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME: at stride 2 the odd pixel goes right and below."""

    def __init__(
        self, inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(
            inputs, outputs, size, stride, size // 2 if stride == 1 else 0, groups=groups
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Convolve (n, c, h, w), h and w even, -> (n, c', h / stride, w / stride)."""
        size = self.kernel_size[0]
        if self.training and self.weight.requires_grad and self.stride[0] == 2 and self.groups > 1:
            # Every other place of stride 1 is the same, and its backward pass 10 times faster.
            every = functional.conv2d(maps, self.weight, self.bias, 1, size // 2, 1, self.groups)
            return every[:, :, 1::2, 1::2]
        if self.stride[0] == 2:
            maps = functional.pad(maps, ((size - 2) // 2, (size - 1) // 2) * 2)
        return super().forward(maps)


class Bottleneck(nn.Module):
    """MobileNetV2's inverted residual, its batch norms folded into the convolutions."""

    def __init__(self, inputs: int, outputs: int, expansion: int, side: int, stride: int) -> None:
        super().__init__()
        inner = inputs * expansion
        convolutions = [
            Convolution(inner, inner, side, stride, inner),
            Convolution(inner, outputs, 1),
        ]
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
    """A convolution and its activation: the first and the last block of a backbone."""

    def forward(self, maps: Tensor) -> Tensor:
        """Convolve and clip to 0..6."""
        return functional.relu6(super().forward(maps))


def blocks_of(backbone: Backbone) -> tuple[nn.ModuleList, list[int]]:
    """Return a backbone's blocks, of random weights, and the channels that each one returns."""
    blocks: list[nn.Module] = [Stem(3, 32, 3, 2)]
    channels = [32]
    for expansion, side, outputs, repeats, stride in backbone.stages:
        for repeat in range(repeats):
            step = stride if repeat == 0 else 1
            blocks.append(Bottleneck(channels[-1], outputs, expansion, side, step))
            channels.append(outputs)
    blocks.append(Stem(channels[-1], LAST_CHANNELS, 1))
    return nn.ModuleList(blocks), [*channels, LAST_CHANNELS]


def freeze(blocks: nn.ModuleList, count: int) -> None:
    """Freeze the first `count` blocks and all 5x5 filters, whose gradient would cost too much.

    On the CPU the gradient of a block's 5x5 filters, 2% of its weights, takes twice as long as all
    others together.
    """
    blocks[:count].requires_grad_(False)
    for module in blocks.modules():
        if isinstance(module, Convolution) and module.kernel_size[0] == 5:
            module.requires_grad_(False)


def efficientnet_weights(
    weights: dict[str, Tensor],
) -> tuple[dict[str, Tensor], tuple[Tensor, Tensor]]:
    """Return blocks' weights, and the classifier's (1000, 1280) and (1000,), from a checkpoint.

    `weights` is a state dictionary of efficientnet-lite-pytorch. Its batch norms are folded into
    the convolutions, and its input range of (x - 127) / 128 into the first one, whose input here is
    x / 127.5 - 1.

    Raises:
        KeyError: the weights are of another network.
    """

    def fold(convolution: str, norm: str) -> tuple[Tensor, Tensor]:
        share = weights[f"{norm}.weight"] / torch.sqrt(weights[f"{norm}.running_var"] + 1e-3)
        bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * share
        return weights[f"{convolution}.weight"] * share[:, None, None, None], bias

    own: dict[str, Tensor] = {}
    first, bias = fold("_conv_stem", "_bn0")
    own["0.weight"], own["0.bias"] = first * (127.5 / 128), bias + first.sum((1, 2, 3)) * 0.5 / 128
    block = 0
    while f"_blocks.{block}._depthwise_conv.weight" in weights:
        parts = (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))
        prefix, place = f"_blocks.{block}.", 0
        for convolution, norm in parts:
            if f"{prefix}{convolution}.weight" in weights:
                name = f"{block + 1}.path.{place}"
                pair = fold(prefix + convolution, prefix + norm)
                own[f"{name}.weight"], own[f"{name}.bias"] = pair
                place += 1
        block += 1
    own[f"{block + 1}.weight"], own[f"{block + 1}.bias"] = fold("_conv_head", "_bn1")
    return own, (weights["_fc.weight"], weights["_fc.bias"])
