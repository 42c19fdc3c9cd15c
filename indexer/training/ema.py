"""The moving average of the weights that learn: what is judged, kept and installed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from indexer.training.schedule import follow


class Average:
    """An average that follows parameters, and can stand in their place for a while."""

    def __init__(self, parameters: Mapping[str, nn.Parameter], keep: float) -> None:
        self._parameters = parameters
        self._keep = keep
        self.weights = {name: each.detach().clone() for name, each in parameters.items()}

    def follow(self, step: int) -> None:
        """Move towards the parameters after step `step`, counted from 1."""
        theirs = [each.detach() for each in self._parameters.values()]
        follow(list(self.weights.values()), theirs, step, self._keep)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The parameters are the average until the block ends."""
        held = {name: each.detach().clone() for name, each in self._parameters.items()}
        put(self._parameters, self.weights)
        try:
            yield
        finally:
            put(self._parameters, held)


@torch.no_grad()
def put(parameters: Mapping[str, nn.Parameter], weights: Mapping[str, Tensor]) -> None:
    """Give parameters the values that go by their names."""
    for name, parameter in parameters.items():
        parameter.copy_(weights[name])
