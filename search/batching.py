"""Batching of concurrent calls: one caller works for all that wait.

There is no thread, and no call waits for others to come: a call that finds no other works at
once, alone; a call that comes while another works waits, and the next to work takes all waiting
calls with it. So calls are batched exactly when there is a queue.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class _Waiting(Generic[Asked, Answer]):
    """One call: its request, its answers, and whether it is its turn to work for all."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        # Released once the call is done or leads: an Event, made of two locks, takes ten times as
        # long to wait for and to set.
        self.told = threading.Lock()
        self.told.acquire()
        self.leads = False
        self.answers: list[Answer] = []
        self.failure: BaseException | None = None


class Batcher(Generic[Asked, Answer]):
    """A queue that passes concurrent requests to `work` in one list and returns their answers."""

    def __init__(self, work: Callable[[list[Asked]], Sequence[Answer]], most: int = 64) -> None:
        """Take `work`, which returns the answers of at most `most` requests in order."""
        self._work = work
        self._most = most
        self._waiting: list[_Waiting[Asked, Answer]] = []
        self._busy = False
        self._queue = threading.Lock()

    @property
    def waiting(self) -> int:
        """Return the number of calls that wait while another works."""
        return len(self._waiting)

    def ask(self, asked: Asked) -> Answer:
        """Return the answer; raise the error of the batch that the request was part of."""
        mine: _Waiting[Asked, Answer] = _Waiting(asked)
        with self._queue:
            self._waiting.append(mine)
            mine.leads = not self._busy
            self._busy = True
        if not mine.leads:
            mine.told.acquire()
        if mine.leads:
            self._work_for_all()
        if mine.failure is not None:
            raise mine.failure
        return mine.answers[0]

    def _work_for_all(self) -> None:
        with self._queue:  # the leader is the first of them
            taken, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            answers = self._work([each.asked for each in taken])
            for each, answer in zip(taken, answers, strict=True):
                each.answers.append(answer)
        except BaseException as failure:
            for each in taken:
                each.failure = failure
        finally:
            with self._queue:
                self._busy = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].leads = True
                    self._waiting[0].told.release()
            for each in taken[1:]:  # the first of them is this caller
                each.told.release()
