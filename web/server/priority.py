"""Priorities of requests, and a limit on concurrent slow ones."""

from asyncio import Semaphore
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from time import monotonic
from typing import TypeVar

from web.route import Urgency
from web.server.workers import Workers

Result = TypeVar("Result")

# A request is due this long after its arrival, and the next thread takes the request that is due
# first: a search overtakes the thumbnails of an earlier page, yet no request waits forever.
DUE_AFTER_S: dict[Urgency, float] = {"probe": 0.0, "search": 0.0, "picture": 1.0, "bulk": 3.0}

# Each running request of a client delays its next one, so that a client with a hundred requests at
# once does not block the others.
DUE_AFTER_OTHERS_S = 0.1


class Requests:
    """Threads that answer requests, the most urgent first."""

    def __init__(self, threads: int) -> None:
        self._workers = Workers("limn-request", threads)
        # Health checks need a thread of their own, however many searches are running.
        self._probes = Workers("limn-probe", 1)
        self._bulk = Semaphore(max(1, threads // 3))
        self._clients: Counter[str] = Counter()

    @property
    def queue_length(self) -> int:
        """Return the number of requests that wait for a thread."""
        return self._workers.queue_length

    def close(self) -> None:
        """Stop the threads once they are idle."""
        self._workers.close()
        self._probes.close()

    @asynccontextmanager
    async def place(
        self, urgency: Urgency, client: str
    ) -> AsyncIterator[Callable[[Callable[[], Result]], Future[Result]]]:
        """Yield a function that runs the request's call; the block ends with the request."""
        due_s = monotonic() + DUE_AFTER_S[urgency] + DUE_AFTER_OTHERS_S * self._clients[client]
        workers = self._probes if urgency == "probe" else self._workers
        self._clients[client] += 1
        try:
            if urgency == "bulk":
                async with self._bulk:
                    yield lambda call: workers.submit(call, due_s)
            else:
                yield lambda call: workers.submit(call, due_s)
        finally:
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]
