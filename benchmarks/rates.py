"""Rates: pictures a second of a whole run and of its stages alone, by the clock and by CPU time."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indexer.indexing.decode import DecodedPicture, Work
from indexer.indexing.decoder_pool import Decoders
from indexer.indexing.pipeline import ENCODE_BATCH
from indexer.indexing.run_state import RunState
from indexer.sources import found_in
from indexer.sources.folder import FolderSource
from search.catalog.records import RunCounts
from search.encoders import Encoder
from search.pictures import Limits


class Silent:
    """Watches a run and says nothing."""

    def begin(self, plan: RunState) -> None:
        """Report nothing."""

    def advance(self, counts: RunCounts, total: int, at: str) -> None:
        """Report nothing."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Pictures a second by the clock, and a second of one core, whoever else uses the machine."""

    clock: float
    cpu: float

    def of(self, other: "Rate") -> str:
        """Return the share that this is of another, both ways."""
        return f"{self.clock / other.clock:.2f} ({self.cpu / other.cpu:.2f} by CPU time)"


@dataclass(frozen=True, slots=True)
class Rates:
    """End to end, and the two stages alone, all cores each."""

    whole: Rate
    decode: Rate
    encode: Rate

    @property
    def slower(self) -> Rate:
        """Return the rate of the slower stage, which limits the run."""
        return min(self.decode, self.encode, key=lambda rate: rate.clock)

    @property
    def shared(self) -> Rate:
        """What no pipeline can pass whose stages compute on the same cores."""
        clock, cpu = (
            1 / (1 / decode + 1 / encode)
            for decode, encode in (
                (self.decode.clock, self.encode.clock),
                (self.decode.cpu, self.encode.cpu),
            )
        )
        return Rate(clock, cpu)


@contextmanager
def timed(count: int) -> Iterator[list[Rate]]:
    """Measure the rate of the block, with the processes that it started and ended."""
    rates: list[Rate] = []
    began, cpu_began = time.perf_counter(), _cpu_s()
    yield rates
    rates.append(
        Rate(count / (time.perf_counter() - began), count / max(1e-9, _cpu_s() - cpu_began))
    )


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def decode_rate(encoder: Encoder, folder: Path, workers: int) -> Rate:
    """Measure decoding alone, by the clock, with workers that run already."""
    work = [Work(item) for item in found_in(FolderSource(folder))]
    first = 16 * workers
    with (
        timed(first + len(work)) as both,
        Decoders(workers, encoder.preparation, Limits()) as decoders,
    ):
        list(decoders.run(work[:first]))
        began = time.perf_counter()
        outcomes = list(decoders.run(work))
        took_s = time.perf_counter() - began
    assert all(isinstance(each, DecodedPicture) for each in outcomes)
    return Rate(len(work) / took_s, both[0].cpu)


def encode_rate(encoder: Encoder, count: int) -> Rate:
    """Measure encoding alone, of pictures in memory."""
    shape = (ENCODE_BATCH, encoder.preparation.height_px, encoder.preparation.width_px, 3)
    batch = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    encoder.encode_pixels(batch)
    batches = max(1, count // ENCODE_BATCH)
    with timed(batches * ENCODE_BATCH) as rates:
        for _ in range(batches):
            encoder.encode_pixels(batch)
    return rates[0]
