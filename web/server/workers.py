"""Threads that run the most urgent call first."""

import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from math import inf
from typing import Any, TypeVar

Result = TypeVar("Result")


class Workers:
    """Threads that run calls, in the order in which the calls are due.

    The threads are daemons: a request that waits for a hub must not keep the process from ending.
    """

    def __init__(self, name: str, threads: int) -> None:
        # The number orders calls that are due together, so that futures are never compared.
        self._calls: queue.PriorityQueue[tuple[float, int, Future[Any], Callable[[], Any]]]
        self._calls = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def queue_length(self) -> int:
        """Return the number of calls that wait for a thread."""
        return self._calls.qsize()

    def submit(self, call: Callable[[], Result], due_s: float = 0.0) -> Future[Result]:
        """Run `call` in a thread, before the calls that are due later."""
        future: Future[Result] = Future()
        self._calls.put((due_s, next(self._numbers), future, call))
        return future

    def close(self) -> None:
        """Stop each thread once it is idle."""
        for _ in self._threads:
            self.submit(_end, inf)

    def _work(self) -> None:
        while True:
            _, _, future, call = self._calls.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except SystemExit:
                return
            except BaseException as error:  # the caller gets the error from the future
                future.set_exception(error)
            del future, call  # an idle thread must not keep an answer in memory


def _end() -> None:
    raise SystemExit
