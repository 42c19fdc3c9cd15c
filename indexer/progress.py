"""What a person sees of a run: a live bar on a terminal, plain lines elsewhere."""

import sys
import time
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from indexer.plan import Plan
from search.records import Counts

# Plain lines go to log files: one in ten seconds tells enough.
LINE_EVERY_S = 10.0


class TerminalProgress:
    """A bar with the rate, the time left and the failures so far, on stderr."""

    def __init__(self) -> None:
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]} pictures/s"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[failed]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("reading", total=None, rate="-", failed="")
        self._rate = _Rate()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def planned(self, plan: Plan) -> None:
        self._rate.begin(plan.unchanged)
        total = plan.unchanged + len(plan.work) + len(plan.recaption)
        self._bar.update(self._task, description="indexing", total=total, completed=plan.unchanged)

    def advanced(self, counts: Counts, at: str) -> None:
        failed = f"[red]{counts.failed:,} failed[/]" if counts.failed else ""
        rate = f"{self._rate.of(counts):.0f}"
        self._bar.update(self._task, completed=finished(counts), rate=rate, failed=failed)


class PlainProgress:
    """A line now and then on stderr, for logs and pipes."""

    def __init__(self) -> None:
        self._rate = _Rate()
        self._total = 0
        self._said_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def planned(self, plan: Plan) -> None:
        self._rate.begin(plan.unchanged)
        self._total = plan.unchanged + len(plan.work) + len(plan.recaption)

    def advanced(self, counts: Counts, at: str) -> None:
        now = time.monotonic()
        if now - self._said_at < LINE_EVERY_S:
            return
        self._said_at = now
        done = finished(counts)
        rate = self._rate.of(counts)
        left_s = (self._total - done) / rate if rate else 0
        print(
            f"{done:,} of {self._total:,} pictures, {rate:.0f} a second, {left_s:.0f} s left, "
            f"{counts.failed:,} failed",
            file=sys.stderr,
        )


def open_progress() -> TerminalProgress | PlainProgress:
    """The one that suits where stderr goes."""
    return TerminalProgress() if sys.stderr.isatty() else PlainProgress()


def finished(counts: Counts) -> int:
    """How many of the files found are dealt with."""
    return counts.added + counts.changed + counts.unchanged + counts.failed


class _Rate:
    """Pictures a second since the run began, those that needed no work left out."""

    def begin(self, unchanged: int) -> None:
        self._from = unchanged
        self._at = time.monotonic()

    def of(self, counts: Counts) -> float:
        return (finished(counts) - self._from) / max(time.monotonic() - self._at, 1e-6)
