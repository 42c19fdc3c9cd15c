"""The losses of one batch: the captions drawn, and every loss of the recipe."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from indexer.training.builtin.classes import LIVE, DrawnClasses
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
    english, chinese = examples.by_language
    streams = [english] + [chinese] * recipe.chinese_draws
    captions = [
        draw_sentence(sentences[place], draw, recipe.forgotten, recipe.written)
        for sentences in streams
        for place in places
    ]
    extra, teacher_rows = lessons.sentences(draw)
    own, device = [ids for ids, _ in captions], batch.vectors.device
    classes = lessons.draw_classes(places, draw, device, LIVE) if recipe.opinions else None
    prompts = classes.prompts if classes is not None else []
    states = pool_in_chunks(pair.texts, own + extra + prompts)
    texts = pair.texts.joint(states)
    of_captions, _, names = torch.split(texts, [len(own), len(extra), len(prompts)])
    by_stream = torch.split(of_captions, len(places))
    losses = _picture_side(pair, recipe, examples, batch, places, by_stream, classes, names)
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
    return losses


def picture_losses(
    pair: TrainedPair,
    recipe: TrainingConfig,
    examples: PairExamples,
    vectors: SentenceVectors,
    lessons: Lessons,
    batch: PictureBatch,
    places: NDArray[np.int64],
    draw: np.random.Generator,
) -> dict[str, Tensor]:
    """Return the losses of a run whose text tower does not learn, weighted, by name.

    `vectors` are those of all captions; the rest is as in `batch_losses`.
    """
    languages = [0] + [1] * recipe.chinese_draws
    texts = [vectors.draw(each, places, draw, recipe.written) for each in languages]
    device = batch.vectors.device
    classes = lessons.draw_classes(places, draw, device, live=0) if recipe.opinions else None
    return _picture_side(pair, recipe, examples, batch, places, texts, classes, texts[0][:0])


def _picture_side(
    pair: TrainedPair,
    recipe: TrainingConfig,
    examples: PairExamples,
    batch: PictureBatch,
    places: NDArray[np.int64],
    streams: Sequence[Tensor],
    classes: DrawnClasses | None,
    names: Tensor,
) -> dict[str, Tensor]:
    """Return the losses that pictures learn by: of their captions, and of their classes.

    `streams` are the vectors of one caption of each picture, English first; `names` those of the
    classes' prompts.
    """
    scale = pair.log_scale.exp().clamp(max=100.0)
    topics = torch.from_numpy(examples.topics[places]).to(batch.vectors.device)
    targets = batch.blend(soft_targets(topics, recipe.soft_share, recipe.soft_sharpness))
    fits = [softmax_loss(batch.vectors, texts, scale, targets) for texts in streams]
    losses = {"en": fits[0], "zh": torch.stack(fits[1:]).sum()}
    if classes is not None:
        shares = batch.blend((classes.opinions / recipe.opinion_temperature).softmax(1))
        likeness = likeness_loss(batch.vectors, classes.vectors(names), scale, shares.log())
        losses["opinions"] = recipe.opinions * likeness
    return losses
