"""The loop: step, follow with the average, judge each epoch, keep a checkpoint, stop in time."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from indexer.training.checkpoint import load, save
from indexer.training.ema import Average, put
from indexer.training.finetune.batches import Batch, Batches
from indexer.training.finetune.gradient_cache import accumulate_gradients
from indexer.training.finetune.methods import Learners
from indexer.training.finetune.objective import LARGEST_SCALE, Objective
from indexer.training.finetune.plan import Plan
from indexer.training.finetune.trainable import TrainablePair
from indexer.training.finetune.validate import Figures
from indexer.training.run_folder import TrainingStopped
from indexer.training.schedule import rate_at

SAVE_EVERY_S = 300.0
"""What a killed run may have to do again; a checkpoint of a large pair takes seconds to write."""

STEEPEST = 1.0
"""The largest norm of a gradient, as open_clip's recipes clip it."""


class Fit:
    """A fine-tuning run in `folder`, which holds its checkpoint.pt."""

    def __init__(
        self,
        pair: TrainablePair,
        learners: Learners,
        objective: Objective,
        plan: Plan,
        folder: Path,
        identity: dict[str, Any],
        save_every_s: float = SAVE_EVERY_S,
    ) -> None:
        self.pair = pair
        self.learners = learners
        self.objective = objective
        self.plan = plan
        self.folder = folder
        self.identity = identity
        self.save_every_s = save_every_s
        self.average = Average(learners.parameters, plan.ema)
        self.optimizer = torch.optim.AdamW(self._groups(), lr=plan.rate)
        self.step = 0
        self.records: list[dict[str, Any]] = []
        self.best: dict[str, Any] | None = None
        self.sums: dict[str, float] = {}

    def epochs(
        self, batches: Batches, judge: Callable[[], Figures], tell: Callable[[str], None]
    ) -> Iterator[dict[str, Any]]:
        """Train from where the run stands to its end; after each epoch, whose checkpoint is kept,
        give its record: mean losses, and the held-out recall of the average.

        Raises:
            TrainingStopped: a loss or a gradient is NaN or infinite; the last checkpoint stays.
            StorageFailed: a checkpoint can't be written; the previous one stays.
        """
        if not self.records:
            self._note({"epoch": 0, "step": 0, "losses": {}}, judge())
            yield self.records[-1]
        steps = batches.per_epoch * self.plan.epochs
        began = saved = time.monotonic()
        # Counted by records: a run may have been killed after an epoch's steps, before its record.
        while (epoch := self.records[-1]["epoch"] + 1) <= self.plan.epochs:
            if self.waited_in_vain():
                return
            for batch in batches.stream(self.step, epoch * batches.per_epoch):
                losses = self._step(batch, steps)
                self.sums = {name: self.sums.get(name, 0.0) + each for name, each in losses.items()}
                if time.monotonic() - saved > self.save_every_s:
                    self.save()
                    saved = time.monotonic()
                    tell(f"epoch {epoch}, step {self.step} of {steps}, loss {losses['loss']:.4g}")
            means = {name: each / batches.per_epoch for name, each in self.sums.items()}
            scale, took_s = float(self.pair.log_scale.detach().exp()), time.monotonic() - began
            self.sums, began = {}, time.monotonic()
            with self.average.in_place():
                found = judge()
            record = {"epoch": epoch, "step": self.step, "losses": means, "scale": scale}
            self._note({**record, "seconds": round(took_s, 1)}, found)
            saved = time.monotonic()
            yield self.records[-1]

    def waited_in_vain(self) -> bool:
        """Whether `patience` epochs have passed since the best one."""
        done: int = self.records[-1]["epoch"]
        return self.best is not None and done - self.best["epoch"] >= self.plan.patience

    def take_best(self) -> int:
        """Make the pair what its average was after the best epoch, whose number is given."""
        assert self.best is not None  # a run has at least one epoch
        put(self.learners.parameters, self.best["weights"])
        epoch: int = self.best["epoch"]
        return epoch

    def resume(self) -> bool:
        """Go on from the folder's checkpoint, where there is one; it must be of this run."""
        state = load(self.folder, self.identity, str(self.pair.log_scale.device))
        if state is None:
            return False
        put(self.learners.parameters, state["weights"])
        self.average.weights = state["average"]
        self.objective.load_state_dict(state["objective"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.records = state["step"], state["records"]
        self.best, self.sums = state["best"], state["sums"]
        return True

    def _step(self, batch: Batch, steps: int) -> dict[str, float]:
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate * rate_at(self.step, steps, self.plan.warmup)
        self._begin_training()
        self.optimizer.zero_grad(set_to_none=True)
        seed = (self.plan.seed, self.step)
        losses = accumulate_gradients(self.pair, self.objective, batch, self.plan.chunk, seed)
        steepness = nn.utils.clip_grad_norm_(self._learning(), STEEPEST)
        if not all(map(torch.isfinite, [steepness, *map(torch.tensor, losses.values())])):
            raise TrainingStopped(
                f"at step {self.step} the losses are {losses} and the gradient's norm is "
                f"{float(steepness)}: no numbers to learn from; the checkpoint in "
                f"{str(self.folder)!r} is of an earlier step: train into another folder with a "
                "lower --rate"
            )
        self.optimizer.step()
        with torch.no_grad():
            self.pair.log_scale.clamp_(max=torch.tensor(LARGEST_SCALE).log().item())
        self.step += 1
        self.average.follow(self.step)
        return losses

    def _begin_training(self) -> None:
        """Dropout on; batch norms keep the statistics of the many pictures they were made with."""
        self.pair.module.train()
        for layer in self.pair.module.modules():
            if isinstance(layer, nn.modules.batchnorm._BatchNorm):
                layer.eval()

    def _groups(self) -> list[dict[str, Any]]:
        learning = self._learning()
        return [
            {
                "params": [each for each in learning if each.ndim > 1],
                "weight_decay": self.plan.decay,
            },
            {"params": [each for each in learning if each.ndim <= 1], "weight_decay": 0.0},
        ]

    def _learning(self) -> list[Tensor]:
        return [*self.learners.parameters.values(), *self.objective.parameters()]

    def _note(self, record: dict[str, Any], found: Figures) -> None:
        """Record an epoch, remember it where it is the best, and keep a checkpoint."""
        self.records.append({**record, "recall": found})
        if record["epoch"] and (self.best is None or found["mean"] > self.best["mean"]):
            weights = {name: each.clone() for name, each in self.average.weights.items()}
            self.best = {"epoch": record["epoch"], "mean": found["mean"], "weights": weights}
        self.save()

    def save(self) -> None:
        """Keep a checkpoint; raises StorageFailed, and the previous one stays."""
        save(
            self.folder,
            {
                **self.identity,
                "weights": {name: each.detach() for name, each in self.learners.parameters.items()},
                "average": self.average.weights,
                "objective": self.objective.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "step": self.step,
                "records": self.records,
                "best": self.best,
                "sums": self.sums,
            },
        )
