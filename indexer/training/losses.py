"""The losses that pull a picture and its captions together; pure functions over unit rows."""

import torch
from torch import Tensor
from torch.nn import functional


def soft_targets(topics: Tensor, share: float, sharpness: float) -> Tensor:
    """Return the share of each caption of a batch for each picture, (n, n) rows that sum to 1.

    `topics` (n, d) are the teacher's unit rows for the meaning of each picture's captions together.
    A picture's own caption gets 1 - `share`; the rest goes to all by softmax(`sharpness` * cosine),
    since "a dog runs on grass" suits many pictures. Captions that say the same thing (cosine
    above 0.98) share alike.
    """
    likeness = topics @ topics.T
    own = torch.maximum((likeness > 0.98).float(), torch.eye(len(topics), device=topics.device))
    own = own / own.sum(1, keepdim=True)
    return (1.0 - share) * own + share * (likeness * sharpness).softmax(1)


def softmax_loss(pictures: Tensor, texts: Tensor, scale: Tensor, targets: Tensor) -> Tensor:
    """Return CLIP's loss, both directions (Radford et al. 2021), with soft targets (n, n).

    The targets give each picture's shares of the texts, in rows that sum to 1.
    """
    logits = scale * pictures @ texts.T
    there = functional.cross_entropy(logits, targets)
    back = functional.cross_entropy(logits.T, functional.normalize(targets.T, p=1, dim=1))
    return (there + back) / 2


def sigmoid_loss(
    pictures: Tensor, texts: Tensor, scale: Tensor, bias: Tensor, targets: Tensor
) -> Tensor:
    """Return SigLIP's loss (Zhai et al. 2023): each pair by itself; `targets` (n, n) in 0..1."""
    logits = scale * pictures @ texts.T + bias
    return functional.binary_cross_entropy_with_logits(logits, targets, reduction="sum") / len(
        pictures
    )


def distillation_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Return 1 - cosine, the mean over rows; `teacher` (n, d) needs no unit length."""
    return 1.0 - functional.cosine_similarity(student.float(), teacher, dim=-1).mean()


def likeness_loss(pictures: Tensor, prompts: Tensor, scale: Tensor, logits: Tensor) -> Tensor:
    """Return the KL from a classifier's opinion of pictures (n, c) to ours, by class names (c, d).

    Source: Hinton et al. 2015, with prompts in place of a classifier's head.
    """
    ours = (scale * pictures @ prompts.T).log_softmax(1)
    return functional.kl_div(ours, logits.log_softmax(1), reduction="batchmean", log_target=True)
