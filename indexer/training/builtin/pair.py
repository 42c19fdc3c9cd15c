"""Both towers as one module, its parameters by learning rate, and the mean of several."""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from indexer.training.builtin.picture_tower import PictureTower
from indexer.training.builtin.recipe import TrainingConfig
from indexer.training.builtin.text_tower import TextTower


class TrainedPair(nn.Module):
    """Both towers and the learned scale of their cosines."""

    def __init__(self, pictures: PictureTower, texts: TextTower) -> None:
        super().__init__()
        self.pictures = pictures
        self.texts = texts
        self.log_scale = nn.Parameter(torch.tensor(3.0))


def parameter_groups(pair: TrainedPair, recipe: TrainingConfig) -> list[dict[str, Any]]:
    """Return parameters by learning rate; the word rows and all vectors have no weight decay."""
    heads = [
        *pair.pictures.pool.parameters(),
        *pair.pictures.project.parameters(),
        *pair.pictures.attend.parameters(),
        *pair.pictures.earlier.parameters(),
        *pair.texts.project.parameters(),
    ]
    return [
        {
            "params": [each for each in pair.pictures.body.parameters() if each.requires_grad],
            "lr": recipe.rate_body,
            "weight_decay": recipe.decay,
        },
        {
            "params": [
                *pair.texts.layers.parameters(),
                *pair.texts.norm.parameters(),
                pair.texts.positions,
            ],
            "lr": recipe.rate_text,
            "weight_decay": recipe.decay,
        },
        {"params": [pair.texts.words.weight], "lr": recipe.rate_words, "weight_decay": 0.0},
        {"params": [*heads, pair.log_scale], "lr": recipe.rate_heads, "weight_decay": recipe.decay},
    ]


@torch.no_grad()
def mean_of(pairs: Sequence[TrainedPair]) -> TrainedPair:
    """Return a pair whose weights are the means of the pairs' weights, which began alike."""
    mean = copy.deepcopy(pairs[0])
    for weight, *others in zip(*(pair.parameters() for pair in [mean, *pairs]), strict=True):
        weight.copy_(torch.stack(others).mean(0))
    return mean
