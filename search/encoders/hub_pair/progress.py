"""The progress of a download: a bar on a terminal, or a report to a function."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Advance = Callable[[int], None]
"""A function that counts received bytes; a negative number takes some back."""

Progress = Callable[[str, int], AbstractContextManager[Advance]]
"""A function of a download's name and size in bytes, that yields the one that counts."""

Report = Callable[[int, int], None]
"""A function of the received bytes and of their total; what it raises ends the download."""


@contextmanager
def progress_bar(what: str, total_bytes: int) -> Iterator[Advance]:
    """Yield a function that counts received bytes, and show them where stderr is a terminal."""
    if not sys.stderr.isatty():
        print(f"downloading {what}, {total_bytes / 1e6:,.0f} MB", file=sys.stderr, flush=True)
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Bar("{task.description}", BarColumn(), *columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total_bytes)
        yield lambda size_bytes: bar.advance(task, size_bytes)


def progress_to(report: Report) -> Progress:
    """Return a progress that is reported to a function, at each part that is received."""

    @contextmanager
    def progress(_: str, total_bytes: int) -> Iterator[Advance]:
        received_bytes = 0

        def advance(size_bytes: int) -> None:
            nonlocal received_bytes
            received_bytes += size_bytes
            report(received_bytes, total_bytes)

        yield advance

    return progress
