"""The objective of a step: the pairs' loss, and the distance from a teacher where there is one."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from indexer.training.finetune.batches import Batch
from indexer.training.finetune.plan import FineTuneConfig
from indexer.training.finetune.trainable import TrainablePair
from indexer.training.losses import distillation_loss, likeness_loss, sigmoid_loss

LARGEST_SCALE = 100.0
"""CLIP's bound (Radford et al. 2021): beyond it training was unstable."""


@dataclass(frozen=True, slots=True)
class TeacherVectors:
    """A teacher's unit rows of every picture and every caption of a run, float16."""

    pictures: NDArray[np.float16]
    texts: NDArray[np.float16]


def captions_loss(pictures: Tensor, texts: Tensor, scale: Tensor, positives: Tensor) -> Tensor:
    """Return CLIP's loss with several captions a picture, each an equal share of the target.

    With one caption a picture and no repeats it is open_clip's ClipLoss, number for number.
    """
    logits = scale * pictures @ texts.T
    there = positives / positives.sum(1, keepdim=True)
    back = (positives / positives.sum(0, keepdim=True)).T
    return (functional.cross_entropy(logits, there) + functional.cross_entropy(logits.T, back)) / 2


class Objective(nn.Module):
    """The losses of a plan, weighted, by name; its own parameters learn with the pair's."""

    def __init__(
        self, pair: TrainablePair, plan: FineTuneConfig, width: int, teacher: TeacherVectors | None
    ) -> None:
        super().__init__()
        self._pair = [pair]  # in a list, so that the pair's parameters are not this module's
        self._plan = plan
        self._teacher = teacher
        wide = teacher.pictures.shape[1] if teacher else width
        # Features of another width are compared through a learned map, which is not saved.
        torch.manual_seed(plan.seed)
        self.bridge = nn.Linear(width, wide, bias=False) if wide != width else nn.Identity()
        self.to(pair.log_scale.device)

    def forward(self, pictures: Tensor, texts: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of unit rows of pictures (n, width) and captions (m, width)."""
        [pair] = self._pair
        scale = pair.log_scale.exp().clamp(max=LARGEST_SCALE)
        positives = batch.positives.to(pictures.device).float()
        if self._plan.loss == "sigmoid":
            assert pair.bias is not None  # `run` refuses the plan otherwise
            losses = {"loss": sigmoid_loss(pictures, texts, scale, pair.bias, positives)}
        else:
            losses = {"loss": captions_loss(pictures, texts, scale, positives)}
        if self._teacher is not None:
            losses |= self._distance(self._teacher, pictures, texts, batch, scale)
        return losses

    def _distance(
        self, teacher: TeacherVectors, pictures: Tensor, texts: Tensor, batch: Batch, scale: Tensor
    ) -> dict[str, Tensor]:
        """Return cosines with the teacher's features, and the KL from its similarities to ours.

        Source: Yang et al. 2024, "CLIP-KD". Both similarities take our scale, as in Hinton et al.
        2015: not every encoder gives a teacher's own scale.
        """
        teacher_pictures = torch.from_numpy(teacher.pictures[batch.places]).to(pictures)
        teacher_texts = torch.from_numpy(teacher.texts[batch.rows]).to(texts)
        near = distillation_loss(self.bridge(pictures), teacher_pictures)
        near = (near + distillation_loss(self.bridge(texts), teacher_texts)) / 2
        opinion = scale.detach() * teacher_pictures @ teacher_texts.T
        like = likeness_loss(pictures, texts, scale, opinion)
        like = (like + likeness_loss(texts, pictures, scale, opinion.T)) / 2
        return {"features": self._plan.features * near, "likeness": self._plan.likeness * like}
