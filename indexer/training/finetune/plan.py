"""The settings of a fine-tuning run; the pair, the data and a seed determine the rest."""

from dataclasses import dataclass
from typing import Literal

Method = Literal["full", "lora", "head"]

Loss = Literal["softmax", "sigmoid"]
"""CLIP's loss, where captions compete, or SigLIP's, where each pair is judged by itself."""


@dataclass(frozen=True, slots=True)
class FineTuneConfig:
    """Settings: shares are 0..1, weights multiply their losses, `rate` is AdamW's peak.

    `batch` pictures meet in one loss, `chunk` of them are in memory at once; `captions` of each are
    drawn at a step. `patience` is the number of epochs without better held-out recall that end the
    run. `teacher` is an encoder's specification.
    """

    method: Method
    loss: Loss
    rate: float
    epochs: int = 10
    batch: int = 128
    chunk: int = 32
    captions: int = 1
    held_out: int = 100
    patience: int = 3
    seed: int = 17
    rank: int = 8
    warmup: float = 0.1
    ema: float = 0.99
    decay: float = 0.05
    augment: bool = True
    teacher: str | None = None
    features: float = 1.0
    likeness: float = 1.0
