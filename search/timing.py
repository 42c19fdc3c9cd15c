"""Timing of the stages of a search, for listeners; the command line has none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Literal

Stage = Literal["embed", "filter", "align", "words", "rank", "join"]
"""Embed the query, ask SQL for what passes, bring the stores level, find words, rank, read hits."""

Batch = Literal["texts", "pictures"]


class Timing:
    """Tells its listeners of stages, in seconds, and of batches that the encoder was given."""

    def __init__(self) -> None:
        self.took: list[Callable[[Stage, float], None]] = []
        self.encoded: list[Callable[[Batch, int], None]] = []

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Time the block; what it raises passes through, and is no stage that was done."""
        began_s = perf_counter()
        yield
        for told in self.took:
            told(name, perf_counter() - began_s)

    def batch(self, kind: Batch, size: int) -> None:
        """Note that so many were encoded together."""
        if size:
            for told in self.encoded:
                told(kind, size)
