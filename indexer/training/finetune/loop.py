"""A fine-tuning run: it judges each epoch, saves the best, and stops early."""

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from indexer.training.ema import Average, put
from indexer.training.finetune.batches import Batch, Batches
from indexer.training.finetune.gradient_cache import accumulate_gradients
from indexer.training.finetune.methods import Learners
from indexer.training.finetune.objective import LARGEST_SCALE, Objective
from indexer.training.finetune.plan import FineTuneConfig
from indexer.training.finetune.trainable import TrainablePair
from indexer.training.finetune.validate import Figures
from indexer.training.loop import Losses, TrainingLoop
from indexer.training.run_folder import TrainingStopped

SAVE_EVERY_S = 300.0
"""The most work that a killed run repeats; a large pair's checkpoint takes seconds to write."""

MAX_NORM = 1.0
"""The largest norm of a gradient, as open_clip's recipes clip it."""


class Fit(TrainingLoop):
    """A fine-tuning run in `folder`, which holds its checkpoint.pt."""

    def __init__(
        self,
        pair: TrainablePair,
        learners: Learners,
        objective: Objective,
        plan: FineTuneConfig,
        folder: Path,
        identity: dict[str, Any],
        save_every_s: float = SAVE_EVERY_S,
    ) -> None:
        self.pair = pair
        self.learners = learners
        self.objective = objective
        self.plan = plan
        self.save_every_s = save_every_s
        self.average = Average(learners.parameters, plan.ema)
        learning: list[Tensor] = [*learners.parameters.values(), *objective.parameters()]
        super().__init__(
            optimizer=torch.optim.AdamW(_groups(learning, plan.decay), lr=plan.rate),
            learning=learning,
            max_norm=MAX_NORM,
            average=self.average,
            warmup=plan.warmup,
            folder=folder,
            identity=identity,
            device=str(pair.log_scale.device),
        )
        self.optimizer.register_step_post_hook(lambda *_: self._bound_scale())
        self.records: list[dict[str, Any]] = []
        self.best: dict[str, Any] | None = None
        self.sums: dict[str, float] = {}

    def epochs(
        self, batches: Batches, judge: Callable[[], Figures], report: Callable[[str], None]
    ) -> Iterator[dict[str, Any]]:
        """Train from the present step to the end of the run; yield each epoch's record.

        A record has the mean losses, and the held-out recall of the average. The epoch's checkpoint
        is written before.

        Raises:
            TrainingStopped: a loss or a gradient is NaN or infinite; the last checkpoint stays.
            StorageFailed: a checkpoint can't be written; the previous one stays.
        """
        if not self.records:
            self._note({"epoch": 0, "step": 0, "losses": {}}, judge())
            yield self.records[-1]
        steps = batches.per_epoch * self.plan.epochs
        began = last_save = time.monotonic()
        # Counted by records: a run may have been killed after an epoch's steps, before its record.
        while (epoch := self.records[-1]["epoch"] + 1) <= self.plan.epochs:
            if self.waited_in_vain():
                return
            for batch in batches.stream(self.step, epoch * batches.per_epoch):
                losses = self._step(batch, steps)
                self.sums = {name: self.sums.get(name, 0.0) + each for name, each in losses.items()}
                if time.monotonic() - last_save > self.save_every_s:
                    self.save()
                    last_save = time.monotonic()
                    report(f"epoch {epoch}, step {self.step} of {steps}, loss {losses['loss']:.4g}")
            means = {name: each / batches.per_epoch for name, each in self.sums.items()}
            took_s = time.monotonic() - began
            record = self.record(epoch, {"losses": means}, self.pair.log_scale, took_s)
            self.sums, began = {}, time.monotonic()
            with self.average.in_place():
                figures = judge()
            self._note(record, figures)
            last_save = time.monotonic()
            yield self.records[-1]

    def waited_in_vain(self) -> bool:
        """Return whether `patience` epochs have passed since the best one."""
        done: int = self.records[-1]["epoch"]
        return self.best is not None and done - self.best["epoch"] >= self.plan.patience

    def take_best(self) -> int:
        """Set the pair to its average after the best epoch, and return that epoch's number."""
        assert self.best is not None  # a run has at least one epoch
        put(self.learners.parameters, self.best["weights"])
        epoch: int = self.best["epoch"]
        return epoch

    def _step(self, batch: Batch, steps: int) -> Losses:
        self._begin_training()
        seed = (self.plan.seed, self.step)
        return self.advance(
            steps,
            lambda: accumulate_gradients(self.pair, self.objective, batch, self.plan.chunk, seed),
        )

    def _check(self, losses: Losses, norm: Tensor) -> None:
        if not all(map(math.isfinite, [float(norm), *losses.values()])):
            raise TrainingStopped(
                "training-diverged",
                "at step {step} the losses are {losses} and the gradient's norm is "
                "{norm}: no numbers to learn from; the checkpoint in "
                "{folder!r} is of an earlier step: train into another folder with a "
                "lower --rate",
                step=self.step,
                losses=losses,
                norm=float(norm),
                folder=str(self.folder),
            )

    def _bound_scale(self) -> None:
        with torch.no_grad():
            self.pair.log_scale.clamp_(max=torch.tensor(LARGEST_SCALE).log().item())

    def _begin_training(self) -> None:
        """Turn dropout on; batch norms retain the statistics of their original training."""
        self.pair.module.train()
        for layer in self.pair.module.modules():
            if isinstance(layer, nn.modules.batchnorm._BatchNorm):
                layer.eval()

    def _note(self, record: dict[str, Any], figures: Figures) -> None:
        """Record an epoch, remember it where it is the best, and write a checkpoint."""
        self.records.append({**record, "recall": figures})
        if record["epoch"] and (self.best is None or figures["mean"] > self.best["mean"]):
            weights = {name: each.clone() for name, each in self.average.weights.items()}
            self.best = {"epoch": record["epoch"], "mean": figures["mean"], "weights": weights}
        self.save()

    def _state(self) -> dict[str, Any]:
        return {
            "weights": {name: each.detach() for name, each in self.learners.parameters.items()},
            "average": self.average.weights,
            "objective": self.objective.state_dict(),
            "records": self.records,
            "best": self.best,
            "sums": self.sums,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        put(self.learners.parameters, state["weights"])
        self.average.weights = state["average"]
        self.objective.load_state_dict(state["objective"])
        self.records, self.best, self.sums = state["records"], state["best"], state["sums"]


def _groups(learning: list[Tensor], decay: float) -> list[dict[str, Any]]:
    """Return matrices and vectors apart: weight decay is for matrices alone."""
    matrices = [each for each in learning if each.ndim > 1]
    vectors = [each for each in learning if each.ndim <= 1]
    return [
        {"params": matrices, "weight_decay": decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
