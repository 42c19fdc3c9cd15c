"""Weights of a backbone with the names and sizes of those that are published."""

import torch
from torch import Tensor

from indexer.training.builtin.picture_tower import PictureTower

CLASSES = 1_000


def published_weights(tower: PictureTower, classes: int = CLASSES) -> dict[str, Tensor]:
    """Draw weights with the names and sizes of efficientnet-lite-pytorch's for Lite2."""
    weights: dict[str, Tensor] = {}

    def add(conv: str, norm: str, like: Tensor) -> None:
        weights[f"{conv}.weight"] = torch.randn_like(like) * 0.2
        for name in ("weight", "bias", "running_mean"):
            weights[f"{norm}.{name}"] = torch.randn(like.shape[0]) * 0.2
        weights[f"{norm}.running_var"] = torch.rand(like.shape[0]) + 0.5

    add("_conv_stem", "_bn0", tower.body[0].weight)  # type: ignore[arg-type]
    for number, block in enumerate(list(tower.body)[1:-1]):
        parts = ["_expand_conv", "_depthwise_conv", "_project_conv"][-len(block.path) :]  # type: ignore[arg-type]
        norms = ["_bn0", "_bn1", "_bn2"][-len(parts) :]
        for part, norm, convolution in zip(parts, norms, block.path, strict=True):  # type: ignore[arg-type]
            add(f"_blocks.{number}.{part}", f"_blocks.{number}.{norm}", convolution.weight)
    add("_conv_head", "_bn1", tower.body[-1].weight)  # type: ignore[arg-type]
    return weights | {"_fc.weight": torch.randn(classes, 1280), "_fc.bias": torch.zeros(classes)}
