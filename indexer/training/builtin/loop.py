"""A training run of the built-in pair: its batches, its losses and a checkpoint each epoch."""

import copy
import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from indexer.training.builtin.batch import batch_losses, picture_losses
from indexer.training.builtin.classes import REFRESH
from indexer.training.builtin.distillation import Lessons
from indexer.training.builtin.examples import PairExamples
from indexer.training.builtin.pair import TrainedPair, parameter_groups
from indexer.training.builtin.picture_sources import PictureSource
from indexer.training.builtin.recipe import TrainingConfig
from indexer.training.builtin.sentence_vectors import SentenceVectors
from indexer.training.ema import Average
from indexer.training.loop import Losses, TrainingLoop
from indexer.training.run_folder import TrainingStopped

MAX_NORM = 5.0
"""The largest norm of a gradient."""


class Run(TrainingLoop):
    """One training run in `folder`: checkpoint.pt and metrics.jsonl."""

    def __init__(
        self,
        pair: TrainedPair,
        recipe: TrainingConfig,
        folder: Path,
        data: str,
        device: str = "cpu",
        lessons: Lessons | None = None,
    ) -> None:
        self.lessons = lessons or Lessons()
        pair.texts.requires_grad_(recipe.texts_learn)
        self.pair = pair.to(device)
        self.recipe = recipe
        self.device = device
        self.average = copy.deepcopy(self.pair).eval()
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(
            optimizer=torch.optim.AdamW(parameter_groups(self.pair, recipe), fused=True),
            learning=list(self.pair.parameters()),
            max_norm=MAX_NORM,
            average=Average(
                dict(self.pair.named_parameters()),
                recipe.ema,
                {name: each.detach() for name, each in self.average.named_parameters()},
            ),
            warmup=recipe.warmup,
            folder=folder,
            identity={"recipe": asdict(recipe), "data": data},
            device=device,
        )

    def is_unfinished(self, pictures: int) -> bool:
        """Return whether steps are left for a training set of so many pictures."""
        return self.step < self._steps(pictures)

    def _steps(self, pictures: int) -> int:
        return pictures // self.recipe.batch * self.recipe.epochs

    def epochs(
        self, examples: PairExamples, source: PictureSource, places: NDArray[np.int64]
    ) -> Iterator[dict[str, Any]]:
        """Train on the pictures at `places` from the present step; yield each epoch's mean losses.

        Each epoch's checkpoint is written before its losses are yielded.

        Raises:
            TrainingStopped: the loss is NaN or infinite; the last checkpoint stays.
            StorageFailed: a checkpoint can't be written; the previous one stays.
        """
        per_epoch = len(places) // self.recipe.batch
        steps = self._steps(len(places))
        texts: SentenceVectors | None = None
        if self.step < steps and not self.recipe.texts_learn:
            texts = SentenceVectors(self.pair.texts, examples)
        while self.step < steps:
            start_s, losses = time.monotonic(), []
            epoch = self.step // per_epoch
            order = np.random.default_rng([self.recipe.seed, epoch]).permutation(places)
            for within in range(self.step % per_epoch, per_epoch):
                part = order[within * self.recipe.batch : (within + 1) * self.recipe.batch]
                if within % REFRESH == 0 and self.lessons.classes is not None:
                    draw = np.random.default_rng([self.recipe.seed, 1 << 21, self.step])
                    self.lessons.classes.refresh(self.pair.texts, draw)
                losses.append(self._step(examples, texts, source, part, steps))
            self.save()
            names = dict.fromkeys(name for each in losses for name in each)  # no step has them all
            means = {
                name: float(np.mean([each[name] for each in losses if name in each]))
                for name in names
            }
            yield self.record(epoch + 1, means, self.pair.log_scale, time.monotonic() - start_s)

    def _step(
        self,
        examples: PairExamples,
        texts: SentenceVectors | None,
        source: PictureSource,
        places: NDArray[np.int64],
        steps: int,
    ) -> Losses:
        draw = np.random.default_rng([self.recipe.seed, 1 << 20, self.step])
        torch.manual_seed(self.recipe.seed * 1_000_003 + self.step)
        self.pair.train()

        def backward() -> Losses:
            with torch.autocast(self.device, dtype=torch.bfloat16):
                batch = source.see(self.pair.pictures, places, draw)
                rest = (self.lessons, batch, places, draw)
                if texts is None:
                    losses = batch_losses(self.pair, self.recipe, examples, *rest)
                else:
                    losses = picture_losses(self.pair, self.recipe, examples, texts, *rest)
            total = torch.stack(list(losses.values())).sum()
            torch.autograd.backward(total)
            return {name: float(loss.detach()) for name, loss in losses.items()}

        return self.advance(steps, backward)

    def _check(self, losses: Losses, norm: Tensor) -> None:
        total = sum(losses.values())
        if not math.isfinite(total):
            raise TrainingStopped(
                "loss-not-finite",
                "the loss is {loss} at step {step}; the checkpoint in "
                "{folder!r} is of the last whole epoch: look at the data around it, "
                "or train into another folder with lower rates",
                loss=total,
                step=self.step,
                folder=str(self.folder),
            )

    def note(self, record: dict[str, Any]) -> None:
        """Append a line to metrics.jsonl."""
        with (self.folder / "metrics.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(record) + "\n")

    def _state(self) -> dict[str, Any]:
        return {"pair": self.pair.state_dict(), "average": self.average.state_dict()}

    def _restore(self, state: dict[str, Any]) -> None:
        self.pair.load_state_dict(state["pair"])
        self.average.load_state_dict(state["average"])
