"""The exponential moving average of the trained weights, which is judged and installed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """An average that follows parameters, and can replace them for a while."""

    def __init__(
        self,
        parameters: Mapping[str, nn.Parameter],
        decay: float,
        weights: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Start from `weights`, by the parameters' names, or from copies of the parameters.

        A share `decay` of the average stays at each step.
        """
        self._parameters = parameters
        self._decay = decay
        copies = weights or {name: each.detach().clone() for name, each in parameters.items()}
        self.weights = dict(copies)

    def follow(self, step: int) -> None:
        """Move the average towards the parameters after step `step`, counted from 1."""
        theirs = [each.detach() for each in self._parameters.values()]
        ours = [self.weights[name] for name in self._parameters]
        follow(ours, theirs, step, self._decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Give the parameters the values of the average until the block ends."""
        former = {name: each.detach().clone() for name, each in self._parameters.items()}
        put(self._parameters, self.weights)
        try:
            yield
        finally:
            put(self._parameters, former)


@torch.no_grad()
def follow(averages: list[Tensor], weights: list[Tensor], step: int, decay: float) -> None:
    """Move the averages a little towards the weights after step `step`, counted from 1.

    At first they move fast: the mean of a few steps should not be mostly the start.
    """
    share = min(decay, step / (step + 9))
    torch._foreach_mul_(averages, share)
    torch._foreach_add_(averages, weights, alpha=1 - share)


@torch.no_grad()
def put(parameters: Mapping[str, nn.Parameter], weights: Mapping[str, Tensor]) -> None:
    """Give parameters the values of their names."""
    for name, parameter in parameters.items():
        parameter.copy_(weights[name])
