"""One batch's part of the loop: the captions drawn, and every loss of the recipe."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from indexer.training.examples import Examples, drawn, pooled_in_chunks
from indexer.training.lessons import JUDGED, Lessons
from indexer.training.losses import (
    distillation_loss,
    likeness_loss,
    soft_targets,
    softmax_loss,
)
from indexer.training.mixing import mixed
from indexer.training.pair import Pair
from indexer.training.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Asked:
    """What every loss of a batch asks of its pictures: unit rows (n, width), the soft targets
    (n, n) of the texts drawn for them, the scale of their cosines, and the first pictures, whose
    classes are asked: none where the views show two each."""

    pictures: Tensor
    targets: Tensor
    scale: Tensor
    judged: NDArray[np.int64]


def asked(
    pair: Pair,
    recipe: Recipe,
    examples: Examples,
    pixels: Tensor,
    chosen: NDArray[np.int64],
    draw: np.random.Generator,
) -> Asked:
    """Send a batch through the picture tower; `pixels` are views of the `chosen` pictures."""
    topics = torch.from_numpy(examples.topics[chosen]).to(pixels.device)
    targets = soft_targets(topics, recipe.soft_share, recipe.soft_sharpness)
    judged = chosen[:JUDGED]
    if draw.random() < recipe.mixed:
        pixels, shares = mixed(pixels, draw)
        targets, judged = shares @ targets, judged[:0]
    scale = pair.log_scale.exp().clamp(max=100.0)
    return Asked(pair.pictures(pixels), targets, scale, judged)


def opinions_loss(recipe: Recipe, batch: Asked, names: Tensor, opinions: Tensor) -> Tensor:
    """How far the judged pictures' likeness to classes' `names` (c, width) is from the classifier's
    `opinions` (judged, c), weighted."""
    seen = batch.pictures[: len(batch.judged)]
    return recipe.opinions * likeness_loss(seen, names, batch.scale, opinions.to(names.device))


def batch_losses(
    pair: Pair,
    recipe: Recipe,
    examples: Examples,
    lessons: Lessons,
    pixels: Tensor,
    chosen: NDArray[np.int64],
    draw: np.random.Generator,
) -> dict[str, Tensor]:
    """Every loss of the recipe, weighted, by name; `pixels` are views of the `chosen` pictures.

    One English caption of each picture is drawn and `chinese_draws` Chinese ones, each a softmax of
    its own, so captions of one picture are never each other's negatives.
    """
    device = pixels.device
    batch = asked(pair, recipe, examples, pixels, chosen, draw)
    english, chinese = examples.by_language
    streams = [english] + [chinese] * recipe.chinese_draws
    captions = [
        drawn(sentences[place], draw, recipe.forgotten, recipe.written)
        for sentences in streams
        for place in chosen
    ]
    prompts, opinions = lessons.judged(batch.judged)
    extra, taught = lessons.sentences(draw)
    own = [ids for ids, _ in captions]
    pooled = pooled_in_chunks(pair.texts, own + extra + prompts)
    texts = pair.texts.joint(pooled)
    count = len(chosen)
    fits = [
        softmax_loss(batch.pictures, texts[start : start + count], batch.scale, batch.targets)
        for start in range(0, len(own), count)
    ]
    losses = {"en": fits[0], "zh": torch.stack(fits[1:]).sum()}
    rows = np.array([row for _, row in captions])
    known = np.flatnonzero(rows >= 0)
    if recipe.distill and len(known):
        teacher = torch.from_numpy(examples.teacher[rows[known]]).to(device)
        losses["distill"] = recipe.distill * distillation_loss(
            pooled[torch.from_numpy(known)], teacher
        )
    if recipe.lessons and extra:
        student = pooled[len(own) : len(own) + len(extra)]
        losses["lessons"] = recipe.lessons * distillation_loss(
            student, torch.from_numpy(taught).to(device)
        )
    if recipe.opinions and prompts:
        names = texts[len(own) + len(extra) :]
        losses["opinions"] = opinions_loss(recipe, batch, names, opinions)
    return losses
