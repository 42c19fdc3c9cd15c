"""The memory that this process and those it has started hold together, at its peak; Linux alone."""

import os
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

EVERY_S = 0.5


class PeakMemory:
    """Watches while it is open; what processes share is counted once, as each one's part of it."""

    def __init__(self) -> None:
        self.bytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(
        self,
        _: type[BaseException] | None,
        __: BaseException | None,
        ___: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def gib(self) -> float:
        """Return the peak in GiB."""
        return self.bytes / 2**30

    def _watch(self) -> None:
        while not self._ended.wait(EVERY_S):
            self.bytes = max(self.bytes, sum(map(_held, _family(os.getpid()))))


def _family(process: int) -> list[int]:
    """Return a process and all below it."""
    found = [process]
    for each in found:  # grows while it is read
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            with suppress(OSError):  # it has ended meanwhile
                found += map(int, children.read_text().split())
    return found


def _held(process: int) -> int:
    """Its proportional set size in bytes; 0 once it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return 1024 * int(line.split()[1])
    return 0
