"""The losses of one batch: the captions drawn, and every loss of the recipe."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from indexer.training.builtin.distillation import Lessons
from indexer.training.builtin.examples import PairExamples, draw_sentence, pool_in_chunks
from indexer.training.builtin.pair import TrainedPair
from indexer.training.builtin.picture_sources import PictureBatch
from indexer.training.builtin.recipe import TrainingConfig
from indexer.training.builtin.sentence_vectors import SentenceVectors
from indexer.training.losses import distillation_loss, likeness_loss, soft_targets, softmax_loss


def batch_losses(
    pair: TrainedPair,
    recipe: TrainingConfig,
    examples: PairExamples,
    lessons: Lessons,
    batch: PictureBatch,
    places: NDArray[np.int64],
    draw: np.random.Generator,
) -> dict[str, Tensor]:
    """Return every loss of the recipe, weighted, by name.

    `batch` has the `places` pictures. One English caption of each picture is drawn and
    `chinese_draws` Chinese ones, each with its own softmax, so captions of one picture are never
    each other's negatives.
    """
    pictures, scale = batch.vectors, pair.log_scale.exp().clamp(max=100.0)
    device = pictures.device
    topics = torch.from_numpy(examples.topics[places]).to(device)
    targets = batch.blend(soft_targets(topics, recipe.soft_share, recipe.soft_sharpness))
    english, chinese = examples.by_language
    streams = [english] + [chinese] * recipe.chinese_draws
    captions = [
        draw_sentence(sentences[place], draw, recipe.forgotten, recipe.written)
        for sentences in streams
        for place in places
    ]
    extra, teacher_rows = lessons.sentences(draw)
    own = [ids for ids, _ in captions]
    prompts, classes = [], None
    if recipe.opinions and lessons.classes is not None and lessons.opinions is not None:
        logits = torch.from_numpy(lessons.opinions[places]).float().to(device)
        classes = lessons.classes.draw(logits, draw)
        prompts = classes.prompts
    states = pool_in_chunks(pair.texts, own + extra + prompts)
    texts = pair.texts.joint(states)
    count = len(places)
    streams_of_texts = torch.split(texts[: len(own)], count)
    losses = _caption_losses(pictures, streams_of_texts, scale, targets)
    rows = np.array([row for _, row in captions])
    with_teacher = np.flatnonzero(rows >= 0)
    if recipe.distill and len(with_teacher):
        teacher = torch.from_numpy(examples.teacher[rows[with_teacher]]).to(device)
        losses["distill"] = recipe.distill * distillation_loss(
            states[torch.from_numpy(with_teacher)], teacher
        )
    if recipe.lessons and extra:
        student = states[len(own) : len(own) + len(extra)]
        losses["lessons"] = recipe.lessons * distillation_loss(
            student, torch.from_numpy(teacher_rows).to(device)
        )
    if classes is not None:
        names = classes.vectors(texts[len(own) + len(extra) :])
        losses["opinions"] = _opinion_loss(batch, names, scale, logits, recipe)
    return losses


def picture_losses(
    pair: TrainedPair,
    recipe: TrainingConfig,
    topics: Tensor,
    vectors: SentenceVectors,
    lessons: Lessons,
    batch: PictureBatch,
    places: NDArray[np.int64],
    draw: np.random.Generator,
) -> dict[str, Tensor]:
    """Return the losses of a run whose text tower does not learn, weighted, by name.

    `vectors` are those of all captions; the rest is as in `batch_losses`.
    """
    scale = pair.log_scale.exp().clamp(max=100.0)
    targets = batch.blend(soft_targets(topics, recipe.soft_share, recipe.soft_sharpness))
    languages = [0] + [1] * recipe.chinese_draws
    texts = [vectors.draw(each, places, draw, recipe.written) for each in languages]
    losses = _caption_losses(batch.vectors, texts, scale, targets)
    if recipe.opinions and lessons.classes is not None and lessons.opinions is not None:
        logits = torch.from_numpy(lessons.opinions[places]).float().to(topics.device)
        names = lessons.classes.draw(logits, draw, live=0).vectors(texts[0][:0])
        losses["opinions"] = _opinion_loss(batch, names, scale, logits, recipe)
    return losses


def _caption_losses(
    pictures: Tensor, streams: Sequence[Tensor], scale: Tensor, targets: Tensor
) -> dict[str, Tensor]:
    """Return the losses of English and of Chinese captions; the first stream is English."""
    fits = [softmax_loss(pictures, texts, scale, targets) for texts in streams]
    return {"en": fits[0], "zh": torch.stack(fits[1:]).sum()}


def _opinion_loss(
    batch: PictureBatch, names: Tensor, scale: Tensor, logits: Tensor, recipe: TrainingConfig
) -> Tensor:
    shares = batch.blend((logits / recipe.opinion_temperature).softmax(1))
    return recipe.opinions * likeness_loss(batch.vectors, names, scale, shares.log())
