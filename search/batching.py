"""Batching: long iterables in groups, and concurrent calls that one caller works for.

Concurrent calls need no thread, and none waits for others to come: a call that finds no other works
at once, alone; a call that comes while another works waits, and the next to work takes all waiting
calls with it. So calls are batched exactly when there is a queue.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Generic, TypeVar

Request = TypeVar("Request")
Answer = TypeVar("Answer")
Value = TypeVar("Value")


def groups(values: Iterable[Value], size: int) -> Iterator[list[Value]]:
    """Yield the values in lists of `size`, the last one shorter."""
    rest = iter(values)
    while group := list(islice(rest, size)):
        yield group


class _Call(Generic[Request, Answer]):
    """One call: its request, its answers, and whether it is its turn to work for all."""

    def __init__(self, request: Request) -> None:
        self.request = request
        # Released once the call is done or leads: an Event, made of two locks, takes ten times as
        # long to wait for and to set.
        self.ready = threading.Lock()
        self.ready.acquire()
        self.leads = False
        self.answers: list[Answer] = []
        self.failure: BaseException | None = None


class Batcher(Generic[Request, Answer]):
    """A queue that passes concurrent requests to `work` in one list and returns their answers."""

    def __init__(self, work: Callable[[list[Request]], Sequence[Answer]], most: int = 64) -> None:
        """Take `work`, which returns the answers of at most `most` requests in order."""
        self._work = work
        self._most = most
        self._calls: list[_Call[Request, Answer]] = []
        self._busy = False
        self._queue = threading.Lock()

    @property
    def queue_length(self) -> int:
        """Return the number of calls that wait while another works."""
        return len(self._calls)

    def ask(self, request: Request) -> Answer:
        """Return the answer; raise the error of the batch that the request was part of."""
        mine: _Call[Request, Answer] = _Call(request)
        with self._queue:
            self._calls.append(mine)
            mine.leads = not self._busy
            self._busy = True
        if not mine.leads:
            mine.ready.acquire()
        if mine.leads:
            self._work_for_all()
        if mine.failure is not None:
            raise mine.failure
        return mine.answers[0]

    def _work_for_all(self) -> None:
        with self._queue:  # the leader is the first of them
            batch, self._calls = self._calls[: self._most], self._calls[self._most :]
        try:
            answers = self._work([call.request for call in batch])
            for call, answer in zip(batch, answers, strict=True):
                call.answers.append(answer)
        except BaseException as failure:
            for call in batch:
                call.failure = failure
        finally:
            with self._queue:
                self._busy = bool(self._calls)
                if self._calls:
                    self._calls[0].leads = True
                    self._calls[0].ready.release()
            for call in batch[1:]:  # the first of them is this caller
                call.ready.release()
