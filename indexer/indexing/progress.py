"""Progress of a run: a live bar on a terminal, plain lines elsewhere, events for programs."""

import sys
import time
from dataclasses import asdict
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from indexer.indexing.run_state import RunState
from search.catalog.jobs import done
from search.catalog.records import RunCounts
from search.text.amounts import amount
from search.text.printable import json_text, printable

# The interval between progress events.
EVENT_EVERY_S = 0.5

# Plain lines go to log files: one in ten seconds is enough.
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
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begin(self, state: RunState) -> None:
        """Give the bar its length, and start the rate."""
        self.notes = state.notes
        ready = state.unchanged + state.still_failed
        self._rate.begin(ready)
        self._bar.update(self._task, description="indexing", total=state.total, completed=ready)

    def advance(self, counts: RunCounts, total: int, at: str) -> None:
        """Move the bar."""
        failure_text = f"[red]{counts.failed:,} failed[/]" if counts.failed else ""
        rate = rate_text(self._rate.of(counts))
        self._bar.update(
            self._task, total=total, completed=done(counts), rate=rate, failed=failure_text
        )


class _Lines:
    """Progress as lines, at most one in `every_s` seconds; `last_s` is when the last one was."""

    def __init__(self, every_s: float, last_s: float) -> None:
        self._rate = _Rate()
        self.notes: list[str] = []
        self._every_s = every_s
        self._last_s = last_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def begin(self, state: RunState) -> None:
        self.notes = state.notes
        self._rate.begin(state.unchanged + state.still_failed)

    def _is_due(self) -> bool:
        """Return whether it is time for a line, and begin to wait for the next one."""
        now_s = time.monotonic()
        due = now_s - self._last_s >= self._every_s
        self._last_s = now_s if due else self._last_s
        return due


class PlainProgress(_Lines):
    """A line now and then on stderr, for logs and pipes."""

    def __init__(self) -> None:
        super().__init__(LINE_EVERY_S, time.monotonic())

    def advance(self, counts: RunCounts, total: int, at: str) -> None:
        """Print the pictures, rate and time left, where a line is due."""
        if not self._is_due():
            return
        files_done = done(counts)
        rate = self._rate.of(counts)
        parts = [f"{files_done:,} of {amount(total, 'picture')}"]
        if rate:
            left_s = max(0, total - files_done) / rate
            parts += [f"{rate_text(rate)} a second", f"{left_s:.0f} s left"]
        parts += [f"{counts.failed:,} failed"] if counts.failed else []
        print(", ".join(parts), file=sys.stderr)


class JsonProgress(_Lines):
    """Events on stdout, a JSON document a line: planned, and progress now and then."""

    def __init__(self) -> None:
        super().__init__(EVENT_EVERY_S, 0.0)

    def begin(self, state: RunState) -> None:
        """Print the event "planned"."""
        super().begin(state)
        _event("planned", found=state.found_count, total=state.total, unchanged=state.unchanged)

    def advance(self, counts: RunCounts, total: int, at: str) -> None:
        """Print an event "progress", where one is due."""
        if not self._is_due():
            return
        rate = self._rate.of(counts)
        left_s = max(0, total - done(counts)) / rate if rate else None
        _event(
            "progress",
            **asdict(counts),
            total=total,
            rate=round(rate, 1),
            left_s=None if left_s is None else round(left_s, 1),
            current=printable(at) or None,
        )


def open_progress(as_json: bool = False) -> TerminalProgress | PlainProgress | JsonProgress:
    """Return the kind of progress that suits the output."""
    if as_json:
        return JsonProgress()
    return TerminalProgress() if sys.stderr.isatty() else PlainProgress()


def rate_text(rate: float) -> str:
    """Return a rate as text, with a decimal where it is slow; a dash for none."""
    if not rate:
        return "-"
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


def _event(kind: str, **facts: object) -> None:
    print(json_text({"event": kind, **facts}), flush=True)


class _Rate:
    """Pictures per second since the run began, without those that needed no work."""

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, ready: int) -> None:
        self._from = ready
        self._at = time.monotonic()

    def of(self, counts: RunCounts) -> float:
        return (done(counts) - self._from) / max(time.monotonic() - self._at, 1e-6)
