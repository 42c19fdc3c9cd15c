"""A lock that many readers share and one writer has alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class ReadersWriterLock:
    """A lock that readers share and a writer has alone; not reentrant.

    A waiting writer blocks new readers: under a steady stream of searches, new pictures
    would otherwise never be added.
    """

    def __init__(self) -> None:
        self._condition = Condition()
        self._readers = 0
        self._writers_waiting = 0
        self._has_writer = False

    @property
    def writer_waits(self) -> bool:
        """Return whether new readers must wait, because a writer waits for the present ones."""
        return self._writers_waiting > 0

    @contextmanager
    def read_lock(self) -> Iterator[None]:
        """Hold the lock together with other readers."""
        with self._condition:
            self._condition.wait_for(lambda: not self._has_writer and not self.writer_waits)
            self._readers += 1
        try:
            yield
        finally:
            with self._condition:
                self._readers -= 1
                self._condition.notify_all()

    @contextmanager
    def write_lock(self) -> Iterator[None]:
        """Hold the lock alone."""
        with self._condition:
            self._writers_waiting += 1
            try:
                self._condition.wait_for(lambda: not self._has_writer and not self._readers)
                self._has_writer = True
            finally:  # an interrupt while waiting must not block readers for ever
                self._writers_waiting -= 1
                self._condition.notify_all()
        try:
            yield
        finally:
            with self._condition:
                self._has_writer = False
                self._condition.notify_all()
