"""The picture tower alone, trained towards texts that stay: cheap, and the first part of a run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from indexer.training.batch import asked, opinions_loss
from indexer.training.examples import Examples, Sentence, pooled_in_chunks
from indexer.training.lessons import Lessons
from indexer.training.losses import softmax_loss
from indexer.training.pair import Pair
from indexer.training.recipe import Recipe

STREAMS = (("en", 2, 1.0), ("zh", 3, 2.0), ("translated", 1, 0.5))
"""Captions drawn of each picture, and the weight of their mean loss: English, Chinese as people
wrote it, Chinese translated. Their vectors are known, so six cost no more than one."""


@dataclass(frozen=True, slots=True)
class StillTexts:
    """Unit rows of every caption and class prompt; by stream, the captions of each picture."""

    vectors: NDArray[np.float32]
    prompts: NDArray[np.float32]
    rows: tuple[list[NDArray[np.int64]], ...]


def alone(recipe: Recipe) -> Recipe:
    """The recipe of the part that trains the picture tower alone, whose heads start from chance."""
    body, heads = Recipe().rate_body, Recipe().rate_heads
    return replace(recipe, epochs=recipe.alone, rate_body=body, rate_heads=heads)


@torch.no_grad()
def still_texts(pair: Pair, examples: Examples, lessons: Lessons) -> StillTexts:
    """Embed all captions, as their tower now reads them."""
    ids: list[list[int]] = []
    rows: tuple[list[NDArray[np.int64]], ...] = ([], [], [])
    for english, chinese in zip(*examples.by_language, strict=True):
        written = [sentence for sentence in chinese if sentence.teacher < 0]
        translated = [sentence for sentence in chinese if sentence.teacher >= 0]
        streams: Sequence[Sequence[Sentence]] = (english, written, translated)
        for stream, sentences in zip(rows, streams, strict=True):
            there = sentences or chinese
            stream.append(np.arange(len(ids), len(ids) + len(there)))
            ids += [sentence.ids[0] for sentence in there]
    return StillTexts(_embedded(pair, ids), _embedded(pair, lessons.prompts), rows)


def _embedded(pair: Pair, ids: list[list[int]]) -> NDArray[np.float32]:
    pair.eval()
    parts = [np.empty((0, pair.texts.project.out_features), np.float32)]
    with torch.autocast(pair.log_scale.device.type, dtype=torch.bfloat16):
        for start in range(0, len(ids), 2048):
            pooled = pooled_in_chunks(pair.texts, ids[start : start + 2048])
            parts.append(pair.texts.joint(pooled).cpu().numpy())
    return np.concatenate(parts)


def still_losses(
    still: StillTexts,
    pair: Pair,
    recipe: Recipe,
    examples: Examples,
    lessons: Lessons,
    pixels: Tensor,
    chosen: NDArray[np.int64],
    draw: np.random.Generator,
) -> dict[str, Tensor]:
    """The recipe's losses that the picture tower takes part in, weighted, by name."""
    device = pixels.device
    batch = asked(pair, recipe, examples, pixels, chosen, draw)
    losses = {}
    for (name, draws, weight), rows in zip(STREAMS, still.rows, strict=True):
        fits = []
        for _ in range(draws):
            captions = [draw.choice(rows[place]) for place in chosen]
            texts = torch.from_numpy(still.vectors[captions]).to(device)
            fits.append(softmax_loss(batch.pictures, texts, batch.scale, batch.targets))
        losses[name] = weight * torch.stack(fits).mean()
    known = len(still.prompts) and lessons.opinions is not None
    if recipe.opinions and known and len(batch.judged):
        classes, opinions = lessons.likeliest(batch.judged)
        names = torch.from_numpy(still.prompts[classes]).to(device)
        losses["opinions"] = opinions_loss(recipe, batch, names, opinions)
    return losses
