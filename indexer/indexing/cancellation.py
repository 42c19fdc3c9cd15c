"""Cancellation of a run: a user cancels its job, and every part of the run checks for that."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from search.catalog.jobs import Jobs
from search.errors import LimnError

# The interval of reading a running job's row, and the time that a run then has to end by itself:
# together less than the two seconds that a user expects to wait.
LOOK_EVERY_S = 0.4
END_S = 1.2


class JobCancelled(Exception):
    """The job was cancelled; its written rows remain."""


class Stop:
    """A flag that ends a run; any thread may set it, and every thread checks it."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def ask(self) -> None:
        """Set the flag: every thread ends at its next check."""
        self._event.set()

    def check(self) -> None:
        """Raise JobCancelled where the run is to end."""
        if self._event.is_set():
            raise JobCancelled


@contextmanager
def cancellable(jobs: Jobs, job: int, on_hang: Callable[[], None]) -> Iterator[Stop]:
    """Yield a stop that is set when the job is cancelled during the block.

    Where the block does not end soon after that, because a thread hangs, the job ends without it,
    and `on_hang` is called.
    """
    stop, over = Stop(), threading.Event()

    def look() -> None:
        while not over.wait(LOOK_EVERY_S):
            with suppress(LimnError):  # the database may be unavailable for a moment
                if jobs.should_continue(job):
                    continue
                stop.ask()
                if not over.wait(END_S):
                    jobs.end(job, "cancelled")
                    on_hang()
                return

    thread = threading.Thread(target=look, name="limn-cancel", daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        over.set()
        thread.join()
