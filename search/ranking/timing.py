"""Timing of the stages of a search, for listeners; the command line has none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal

Stage = Literal["embed", "filter", "align", "words", "rank", "join"]
"""Embed the query, filter by SQL, update the stores, find words, rank, read the hits."""

Batch = Literal["texts", "pictures"]


@dataclass(frozen=True, slots=True)
class Timing:
    """A timer that passes its listeners the seconds of stages and the sizes of encoder batches."""

    on_stage: list[Callable[[Stage, float], None]] = field(default_factory=list)
    on_batch: list[Callable[[Batch, int], None]] = field(default_factory=list)

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Time the block; an error passes through, and its stage is not reported."""
        began_s = perf_counter()
        yield
        for listener in self.on_stage:
            listener(name, perf_counter() - began_s)

    def batch(self, kind: Batch, size: int) -> None:
        """Report that so many items were encoded together."""
        if size:
            for listener in self.on_batch:
                listener(kind, size)
