"""The training loop that all trainings share: steps by a schedule, an average, checkpoints."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from indexer.training import checkpoint
from indexer.training.ema import Average
from indexer.training.schedule import rate_at

Losses = dict[str, float]
"""The losses of one step, or their means over an epoch, by name."""


class TrainingLoop(ABC):
    """The steps of an optimizer, the average of its parameters, and the checkpoint of both.

    A subclass adds further state to the checkpoint, and makes the gradients of a step.
    """

    def __init__(
        self,
        *,
        optimizer: torch.optim.Optimizer,
        learning: Sequence[Tensor],
        max_norm: float,
        average: Average,
        warmup: float,
        folder: Path,
        identity: dict[str, Any],
        device: str,
    ) -> None:
        """Make a loop at step 0.

        Args:
            optimizer: its groups' rates are the peaks that the schedule takes shares of.
            learning: the parameters whose gradients are cut to the norm `max_norm` together.
            max_norm: the largest norm of a gradient.
            average: follows the parameters after each step.
            warmup: the share of the steps in which the rate rises.
            folder: holds checkpoint.pt.
            identity: what a checkpoint must say of its run to be resumed.
            device: where a checkpoint's tensors go.
        """
        self.optimizer = optimizer
        self.moving_average = average
        self.folder = folder
        self.identity = identity
        self.step = 0
        self._learning = learning
        self._max_norm = max_norm
        self._warmup = warmup
        self._device = device
        self._peaks = [group["lr"] for group in optimizer.param_groups]

    @abstractmethod
    def _state(self) -> dict[str, Any]:
        """Return what a checkpoint holds besides identity, optimizer and step."""

    @abstractmethod
    def _restore(self, state: dict[str, Any]) -> None:
        """Restore the state that `_state` returned, from a checkpoint."""

    @abstractmethod
    def _check(self, losses: Losses, norm: Tensor) -> None:
        """Raise TrainingStopped where a loss or `norm`, the gradient's, is not finite."""

    def advance(self, steps: int, backward: Callable[[], Losses]) -> Losses:
        """Take one of `steps` steps; `backward` makes its gradients and returns its losses.

        Raises:
            TrainingStopped: a loss or the gradient is not finite; nothing has moved.
        """
        share = rate_at(self.step, steps, self._warmup)
        for group, peak in zip(self.optimizer.param_groups, self._peaks, strict=True):
            group["lr"] = peak * share
        self.optimizer.zero_grad(set_to_none=True)
        losses = backward()
        norm = nn.utils.clip_grad_norm_(self._learning, self._max_norm)
        self._check(losses, norm)
        self.optimizer.step()
        self.step += 1
        self.moving_average.follow(self.step)
        return losses

    def record(
        self, epoch: int, losses: dict[str, Any], log_scale: Tensor, took_s: float
    ) -> dict[str, Any]:
        """Return an epoch's record, for its line of metrics.jsonl."""
        scale = float(log_scale.detach().exp())
        return {
            "epoch": epoch,
            "step": self.step,
            **losses,
            "scale": scale,
            "seconds": round(took_s, 1),
        }

    def save(self) -> None:
        """Write a checkpoint; raise StorageFailed where that fails, and the previous one stays."""
        state = {
            **self.identity,
            **self._state(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
        }
        checkpoint.save(self.folder, state)

    def resume(self) -> bool:
        """Resume from the folder's checkpoint; return False where there is none.

        Raises:
            TrainingStopped: the checkpoint is damaged, or of another run.
        """
        state = checkpoint.load(self.folder, self.identity, self._device)
        if state is None:
            return False
        self._restore(state)
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
        return True
