"""A pool of processes that read text at the same time."""

import queue
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Self

from indexer.text_reading.outcomes import Outcome, TextTask
from indexer.text_reading.reader_process import ReaderProcess
from search.catalog.text_records import PictureToRead
from search.pictures import Limits

# The interval of calling `check` while nothing was read.
CHECK_EVERY_S = 0.25


class ReaderPool:
    """Threads, each with a child process, that read pictures at the same time."""

    def __init__(self, count: int, limits: Limits) -> None:
        self._count = count
        self._processes = [ReaderProcess(limits) for _ in range(count)]
        self._idle: queue.SimpleQueue[ReaderProcess] = queue.SimpleQueue()
        for process in self._processes:
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="limn-read")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._processes:
            process.close()

    def run(
        self, tasks: Iterator[tuple[PictureToRead, TextTask]], check: Callable[[], None]
    ) -> Iterator[tuple[PictureToRead, Outcome]]:
        """Yield the outcomes as they come; raise what a thread raised."""
        pending: dict[Future[Outcome], PictureToRead] = {}
        for picture, task in tasks:
            check()
            pending[self._threads.submit(self._read, task)] = picture
            while len(pending) >= 2 * self._count:
                yield from _take_outcomes(pending, check)
        while pending:
            yield from _take_outcomes(pending, check)

    def _read(self, task: TextTask) -> Outcome:
        process = self._idle.get()
        try:
            return process.read(task)
        finally:
            self._idle.put(process)


def _take_outcomes(
    pending: dict[Future[Outcome], PictureToRead], check: Callable[[], None]
) -> Iterator[tuple[PictureToRead, Outcome]]:
    """Yield the outcomes of a moment, and take them from `pending`."""
    check()
    for future in wait(pending, CHECK_EVERY_S, FIRST_COMPLETED).done:
        yield pending.pop(future), future.result()
