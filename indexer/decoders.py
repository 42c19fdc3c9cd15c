"""The decoders: worker processes that fill shared memory; a file that ends one costs itself alone.

A worker is sent tasks of a few files and answers file by file, so that when it crashes or hangs it
is known at which one: that file fails, another process takes up the rest of the task.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.shared_memory import SharedMemory
from typing import Self

import numpy as np

from indexer.decoding import Busy, Decoded, Outcome, Work, work_on
from search.encoders.preparation import Preparation
from search.pictures import Limits
from search.records import Failure, Pixels

# Files that travel together to a worker: enough that the trip costs little beside the decoding.
TASK_FILES = 8

# Tasks in flight a worker: one that is worked on, one that waits, so that no worker ever does.
TASKS_PER_WORKER = 2

# No picture takes as long on any machine that is in use; a decoder that does is in a loop.
FILE_TIMEOUT_S = 60.0

# A process may take longer to start, on a machine that has much else to do.
START_S = 300.0

# What OpenMP and BLAS read when they are loaded.
THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

EMPTY = np.zeros((0, 0, 3), np.uint8)


@dataclass(slots=True)
class _Task:
    """Files in order, of which the first `done` are answered; `slots` is where pixels go."""

    files: list[Work]
    slots: int
    done: int = 0


class Decoders:
    """A pool of worker processes that turn files into encoder input."""

    def __init__(
        self,
        workers: int,
        preparation: Preparation,
        limits: Limits,
        timeout_s: float = FILE_TIMEOUT_S,
    ) -> None:
        self._preparation = preparation
        self._limits = limits
        self._timeout_s = timeout_s
        # Not forked: this process has threads, and FAISS may hang in a fork.
        self._context = multiprocessing.get_context("spawn")
        self._workers = [self._start() for _ in range(workers)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:  # all are told before the first is waited for
            worker.connection.close()
        for worker in self._workers:
            worker.stop()

    def run(self, work: Iterable[Work]) -> Iterator[Outcome]:
        """Decode files, those that are ready first; memory holds a few tasks of them.

        `work` may grow while it is gone through: it is asked again for more at every outcome.
        """
        files = iter(work)
        again: deque[Work] = deque()
        while True:
            for worker in self._workers:
                while worker.room:
                    task = [again.popleft() for _ in range(min(len(again), TASK_FILES))]
                    task = task or list(islice(files, TASK_FILES))
                    if not task:
                        break
                    worker.give(task)
            if not any(worker.tasks for worker in self._workers):
                return
            yield from self._answers(again)

    def _answers(self, again: deque[Work]) -> Iterator[Outcome]:
        """Wait for some workers to answer, and look after those that crashed or hang."""
        busy = [worker for worker in self._workers if worker.tasks]
        wait([worker.connection for worker in busy], timeout=min(1.0, self._timeout_s / 4))
        for place, worker in enumerate(self._workers):
            if not worker.tasks:
                continue
            yield from worker.answers()
            allowed_s = self._timeout_s if worker.ready else max(START_S, self._timeout_s)
            hangs = time.monotonic() - worker.heard_at > allowed_s
            if worker.tasks and (worker.ended or hangs):
                failure, rest = worker.lost(hangs and not worker.ended, self._timeout_s)
                again.extend(rest)
                worker.stop(kill=True)
                self._workers[place] = self._start()
                if failure is not None:
                    yield failure

    def _start(self) -> "_Worker":
        return _Worker(self._context, self._preparation, self._limits)


class _Worker:
    """One process, as its parent sees it."""

    def __init__(
        self,
        context: multiprocessing.context.SpawnContext,
        preparation: Preparation,
        limits: Limits,
    ) -> None:
        shape = (preparation.height_px, preparation.width_px, 3)
        count = TASKS_PER_WORKER * TASK_FILES
        self._memory = SharedMemory(create=True, size=count * int(np.prod(shape)))
        self._pixels: Pixels = np.ndarray((count, *shape), np.uint8, self._memory.buf)
        self.connection, theirs = context.Pipe()
        self._process: SpawnProcess = context.Process(
            target=_work, args=(theirs, self._memory.name, preparation, limits), daemon=True
        )
        with _interrupts_ignored(), _one_thread_each():
            self._process.start()
        theirs.close()
        self.tasks: deque[_Task] = deque()
        self.ended = False
        self._idle_end = False
        self.ready = False
        self.heard_at = time.monotonic()

    @property
    def room(self) -> bool:
        return len(self.tasks) < TASKS_PER_WORKER and not self.ended

    def give(self, files: list[Work]) -> None:
        taken = {task.slots for task in self.tasks}
        free = next(each for each in range(TASKS_PER_WORKER) if each * TASK_FILES not in taken)
        if not self.tasks:
            self.heard_at = time.monotonic()
        self.tasks.append(_Task(files, free * TASK_FILES))
        try:
            self.connection.send((free * TASK_FILES, files))
        except OSError:  # it ended while it had nothing to do: no file is to blame
            self.ended = self._idle_end = True

    def answers(self) -> Iterator[Outcome]:
        """What it has answered since; the pixels are copied, so that their place is free."""
        try:
            while self.tasks and self.connection.poll():
                answer: Outcome | Busy = self.connection.recv()
                self.heard_at = time.monotonic()
                self.ready = True
                if isinstance(answer, Busy):
                    continue
                task = self.tasks[0]
                if isinstance(answer, Decoded):
                    pixels = self._pixels[task.slots + task.done].copy()
                    answer = replace(answer, pixels=pixels)
                task.done += 1
                if task.done == len(task.files):
                    self.tasks.popleft()
                yield answer
        except (EOFError, OSError):
            self.ended = True

    def lost(self, hangs: bool, timeout_s: float) -> tuple[Failure | None, list[Work]]:
        """The failure of the file that it was at, and the files that it did not come to."""
        if self._idle_end:
            return None, [work for task in self.tasks for work in task.files[task.done :]]
        first = self.tasks[0]
        item = first.files[first.done].item
        name = repr(str(item.path))
        if hangs:
            reason, detail = "timed out", f"decoding {name} took more than {timeout_s:g} s"
        else:
            reason, detail = "crashed", f"decoding {name} ended its process"
        failure = Failure(item.path, reason, detail, item.size_bytes, item.mtime_ns)
        rest = first.files[first.done + 1 :]
        rest += [work for task in list(self.tasks)[1:] for work in task.files]
        return failure, rest

    def stop(self, kill: bool = False) -> None:
        self.connection.close()  # a worker that waits for its next task ends
        if kill or self.tasks:
            self._process.kill()
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()
        del self._pixels
        self._memory.close()
        with contextlib.suppress(FileNotFoundError):
            self._memory.unlink()


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Let the processes that start here leave Ctrl-C to their parent, from their first moment."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers; Ctrl-C does not reach the others
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let the processes that start here compute on one thread: they are as many as the cores."""
    before = {name: os.environ.get(name) for name in THREAD_SETTINGS}
    os.environ.update(dict.fromkeys(THREAD_SETTINGS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _work(
    connection: Connection, memory_name: str, preparation: Preparation, limits: Limits
) -> None:
    """The worker process: answers tasks until its parent closes the connection or is gone."""
    _end_with_parent()
    memory = SharedMemory(memory_name)
    shape = (preparation.height_px, preparation.width_px, 3)
    pixels: Pixels = np.ndarray((TASKS_PER_WORKER * TASK_FILES, *shape), np.uint8, memory.buf)
    with contextlib.suppress(OSError):
        connection.send(Busy())  # it has started
    while True:
        try:
            slots, files = connection.recv()
        except (EOFError, OSError):
            break
        for place, work in enumerate(files):
            for answer in work_on(work, preparation, limits):
                if isinstance(answer, Decoded):
                    pixels[slots + place] = answer.pixels
                    answer = replace(answer, pixels=EMPTY)
                try:
                    connection.send(answer)
                except OSError:
                    os._exit(1)
    del pixels
    memory.close()


def _end_with_parent() -> None:
    """End when the parent is gone, killed or not."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
