"""Both towers as one module, and its recall on held-out pictures during training."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from indexer.evaluation.metrics import picture_ranks, summary, text_ranks
from indexer.training.builtin.examples import PairExamples, pool_in_chunks
from indexer.training.builtin.picture_tower import FROZEN_STAGES, PictureTower
from indexer.training.builtin.recipe import TrainingConfig
from indexer.training.builtin.text_tower import TextTower
from indexer.training.builtin.views import SEARCHED, Views


class TrainedPair(nn.Module):
    """Both towers and the learned scale of their cosines."""

    def __init__(self, pictures: PictureTower, texts: TextTower) -> None:
        super().__init__()
        self.pictures = pictures
        self.texts = texts
        self.log_scale = nn.Parameter(torch.tensor(3.0))


def parameter_groups(pair: TrainedPair, recipe: TrainingConfig) -> list[dict[str, Any]]:
    """Return parameters by learning rate; the word rows and all vectors have no weight decay."""
    pair.pictures.body[:FROZEN_STAGES].requires_grad_(False)
    heads = [
        *pair.pictures.pool.parameters(),
        *pair.pictures.project.parameters(),
        *pair.pictures.attend.parameters(),
        *pair.pictures.earlier.parameters(),
        *pair.texts.project.parameters(),
    ]
    return [
        {
            "params": list(pair.pictures.body[FROZEN_STAGES:].parameters()),
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


@torch.no_grad()
def recalls(
    pair: TrainedPair,
    examples: PairExamples,
    views: Views,
    places: NDArray[np.int64],
    sentence_count: int = 5,
) -> dict[str, float]:
    """Return Recall@1 and @10 among the pictures at `places`, both ways, per language.

    The pictures have the size that search uses. The queries are the first
    `sentence_count` sentences of a picture: those that people wrote.
    """
    pair.eval()
    with torch.autocast(pair.log_scale.device.type, dtype=torch.bfloat16):
        parts = []
        for start in range(0, len(places), 100):
            pixels = views.plain(places[start : start + 100], SEARCHED.width_px)
            parts.append(pair.pictures(pixels.to(pair.log_scale.device)))
        pictures = torch.cat(parts).cpu().numpy()
        result: dict[str, float] = {}
        for language, sentences in zip(("en", "zh"), examples.by_language, strict=True):
            queries = [
                (sentence.ids[0], column)
                for column, place in enumerate(places)
                for sentence in sentences[place][:sentence_count]
            ]
            if not queries:
                continue
            states = pool_in_chunks(pair.texts, [ids for ids, _ in queries])
            texts = pair.texts.joint(states).cpu().numpy()
            similarities, owners = texts @ pictures.T, np.array([column for _, column in queries])
            for way, ranks in (
                ("t2p", text_ranks(similarities, owners)),
                ("p2t", picture_ranks(similarities, owners)),
            ):
                figures = summary(ranks)
                result |= {
                    f"{language}_{way}_r1": figures["recall@1"],
                    f"{language}_{way}_r10": figures["recall@10"],
                }
    return result
