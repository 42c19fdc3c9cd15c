"""A message about what a command waits for, if the wait takes more than a moment."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

# Shorter waits need no message.
SAY_AFTER_S = 2.0


@contextmanager
def announce_wait(what: str, after_s: float = SAY_AFTER_S) -> Iterator[None]:
    """Write a line to stderr if the block takes longer than `after_s`."""

    def report_wait() -> None:
        print(f"{what} ...", file=sys.stderr, flush=True)

    timer = Timer(after_s, report_wait)
    timer.daemon = True  # a command that ends by an error does not wait for it
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
