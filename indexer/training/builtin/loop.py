"""The training loop: draw a batch, step, follow with the average, keep a checkpoint each epoch."""

import copy
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from indexer.training.builtin.batch import batch_losses
from indexer.training.builtin.distillation import Lessons
from indexer.training.builtin.examples import Examples
from indexer.training.builtin.pair import Pair, parameter_groups
from indexer.training.builtin.recipe import Recipe
from indexer.training.builtin.views import Views
from indexer.training.checkpoint import load, save
from indexer.training.run_folder import TrainingStopped
from indexer.training.schedule import follow


class Run:
    """One training run, held in `folder`: checkpoint.pt and metrics.jsonl."""

    def __init__(
        self,
        pair: Pair,
        recipe: Recipe,
        folder: Path,
        data: str,
        device: str = "cpu",
        lessons: Lessons | None = None,
    ) -> None:
        self.lessons = lessons or Lessons()
        self.pair = pair.to(device)
        self.recipe = recipe
        self.folder = folder
        self.data = data
        self.device = device
        self.average = copy.deepcopy(self.pair).eval()
        self.optimizer = torch.optim.AdamW(parameter_groups(self.pair, recipe), fused=True)
        self.peaks = [group["lr"] for group in self.optimizer.param_groups]
        self.step = 0
        folder.mkdir(parents=True, exist_ok=True)

    def epochs(
        self, examples: Examples, views: Views, places: NDArray[np.int64]
    ) -> Iterator[dict[str, Any]]:
        """Train on the pictures at `places` from where the run stands; after each epoch, when the
        checkpoint is kept, give its mean losses.

        Raises:
            TrainingStopped: the loss is NaN or infinite; the last checkpoint stays.
            StorageFailed: a checkpoint can't be written; the previous one stays.
        """
        per_epoch = len(places) // self.recipe.batch
        steps = per_epoch * self.recipe.epochs
        while self.step < steps:
            started, losses = time.monotonic(), []
            epoch = self.step // per_epoch
            order = np.random.default_rng([self.recipe.seed, epoch]).permutation(places)
            for within in range(self.step % per_epoch, per_epoch):
                chosen = order[within * self.recipe.batch : (within + 1) * self.recipe.batch]
                rate = self.recipe.rate_at(self.step, steps)
                losses.append(self._step(examples, views, chosen, rate))
            self.save()
            names = dict.fromkeys(name for each in losses for name in each)  # no step has them all
            means = {
                name: float(np.mean([each[name] for each in losses if name in each]))
                for name in names
            }
            scale = float(self.pair.log_scale.detach().exp())
            seconds = round(time.monotonic() - started, 1)
            yield {
                "epoch": epoch + 1,
                "step": self.step,
                **means,
                "scale": scale,
                "seconds": seconds,
            }

    def _step(
        self, examples: Examples, views: Views, chosen: NDArray[np.int64], rate: float
    ) -> dict[str, float]:
        draw = np.random.default_rng([self.recipe.seed, 1 << 20, self.step])
        torch.manual_seed(self.recipe.seed * 1_000_003 + self.step)
        for group, peak in zip(self.optimizer.param_groups, self.peaks, strict=True):
            group["lr"] = peak * rate
        self.pair.train()
        pixels = views.drawn(chosen, draw).to(self.device)
        with torch.autocast(self.device, dtype=torch.bfloat16):
            losses = batch_losses(
                self.pair, self.recipe, examples, self.lessons, pixels, chosen, draw
            )
        total = torch.stack(list(losses.values())).sum()
        if not torch.isfinite(total):
            raise TrainingStopped(
                f"the loss is {total.item()} at step {self.step}; the checkpoint in "
                f"{str(self.folder)!r} is of the last whole epoch: look at the data around it, "
                "or train into another folder with lower rates"
            )
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(total)
        nn.utils.clip_grad_norm_(self.pair.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        self._follow()
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _follow(self) -> None:
        ours, theirs = list(self.average.parameters()), list(self.pair.parameters())
        follow(ours, theirs, self.step, self.recipe.ema)

    def save(self) -> None:
        """Keep a checkpoint; raises StorageFailed, and the previous one stays."""
        save(self.folder, self._state())

    def resume(self) -> bool:
        """Go on from the folder's checkpoint, where there is one; it must be of this run."""
        state = load(self.folder, self._identity(), self.device)
        if state is None:
            return False
        self.pair.load_state_dict(state["pair"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
        return True

    def note(self, record: dict[str, Any]) -> None:
        """Append a line to metrics.jsonl."""
        with (self.folder / "metrics.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(record) + "\n")

    def _identity(self) -> dict[str, Any]:
        return {"recipe": asdict(self.recipe), "data": self.data}

    def _state(self) -> dict[str, Any]:
        return {
            **self._identity(),
            "pair": self.pair.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
        }
