"""The decoder pool: worker processes that fill shared memory; a bad file costs itself alone.

A worker receives tasks of a few files and answers file by file, so that after a crash or a hang
the file at fault is known. Another process takes the rest of the task. The file itself is tried
once more after all others, alone: a worker may end because others used up the memory, or because
somebody stopped it, and then no file is to blame.

Neither end can block the other: the parent never waits to send
(`indexer.processes.channel`), and a picture's sidecar data stays with the picture.
"""

import contextlib
import mmap
import multiprocessing
import os
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing.context import SpawnProcess
from typing import Self

import numpy as np

from indexer.indexing import shared_memory
from indexer.indexing.decode import Busy, DecodedPicture, Outcome, ReadFile, Shots, Work, work_on
from indexer.processes.channel import ChildEnd, ParentEnd
from indexer.processes.child import end_with_parent, starting_child
from indexer.sources import NOTHING, Item
from search.catalog.records import Failure
from search.encoders.preparation import Preparation
from search.errors import LimnError, Message, system_reason
from search.pictures import Limits
from search.records import Pixels

# Files per task: enough that sending costs little compared with decoding.
TASK_FILES = 8

# Tasks in flight per worker: one in work and one queued, so that no worker waits.
TASKS_PER_WORKER = 2

# No picture takes this long on any machine in use; a decoder that does is in a loop.
FILE_TIMEOUT_S = 60.0

# A process may take longer to start, on a busy machine.
START_S = 120.0

# Workers that ended one after the other before they had started: the next would end as well.
MAX_FAILED_STARTS = 3

# The timeout of one wait for the workers, and of a worker's end.
LOOK_S = 0.25
END_S = 5.0

EMPTY = np.zeros((0, 0, 3), np.uint8)


class DecodersFailed(LimnError):
    """No worker process can be started."""


@dataclass(slots=True)
class _Task:
    """Files in order, the first `done` answered already; `slots` is the place for pixels."""

    files: list[Work]
    slots: int
    alone: bool
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
        self._failed_starts = 0
        # Not forked: this process has threads, and FAISS may hang in a fork.
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        try:
            for _ in range(workers):
                self._workers.append(self._start())
        except BaseException as error:
            self.__exit__(error)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for worker in self._workers:  # close all before waiting for the first
            worker.stop(kill=kind is not None)
        deadline_s = time.monotonic() + END_S
        for worker in self._workers:
            worker.close(max(0.0, deadline_s - time.monotonic()))

    def run(
        self, work: Iterable[Work], check: Callable[[], None] = lambda: None
    ) -> Iterator[Outcome]:
        """Decode files and yield them as they finish; memory holds a few tasks of them.

        `work` may grow during the run: each outcome asks it for more. `check` is called a few times
        a second, also while nothing arrives; its exception ends the run.

        Raises:
            DecodersFailed: no worker can be started.
        """
        files = iter(work)
        again: deque[Work] = deque()
        suspects: deque[Work] = deque()
        while True:
            check()
            self._hand_out(files, again)
            if not self._busy and suspects:
                self._workers[0].give([suspects.popleft()], alone=True)
            if not self._busy:
                return
            yield from self._answers(again, suspects)

    @property
    def _busy(self) -> bool:
        return any(worker.tasks for worker in self._workers)

    def _hand_out(self, files: Iterator[Work], again: deque[Work]) -> None:
        for worker in self._workers:
            while worker.room:
                task = [again.popleft() for _ in range(min(len(again), TASK_FILES))]
                task = task or list(islice(files, TASK_FILES))
                if not task:
                    return
                worker.give(task)

    def _answers(self, again: deque[Work], suspects: deque[Work]) -> Iterator[Outcome]:
        """Yield the answers of some workers, and replace those that crashed or hang."""
        waited_s = self._wait(min(LOOK_S, self._timeout_s / 4))
        for place, worker in enumerate(self._workers):
            if not worker.tasks:
                continue
            worker.silent_s += waited_s
            yield from worker.answers()
            allowed_s = self._timeout_s if worker.ready else max(START_S, self._timeout_s)
            hangs = worker.silent_s > allowed_s
            if worker.tasks and (worker.has_ended or hangs):
                suspect, rest = worker.unfinished_files()
                alone = worker.tasks[0].alone
                (suspects if alone else again).extend(rest)
                self._workers.pop(place)
                worker.stop(kill=True)
                worker.close(END_S)
                self._count_start(worker.ready)
                self._workers.insert(place, self._start())
                if suspect is not None and alone:
                    yield _failure(suspect.item, hangs and not worker.has_ended, self._timeout_s)
                elif suspect is not None:
                    suspects.append(suspect)

    def _wait(self, timeout_s: float) -> float:
        """Wait until a worker can be read from or written to; return the time that took.

        The result is at most `timeout_s`: while this process itself is stopped, or its consumer is
        behind, no worker counts as silent.
        """
        began = time.monotonic()
        with selectors.DefaultSelector() as selector:
            for worker in self._workers:
                if worker.tasks and not worker.has_ended:
                    writes = selectors.EVENT_WRITE if worker.channel.has_unsent else 0
                    selector.register(worker.channel, selectors.EVENT_READ | writes)
            if selector.get_map():
                selector.select(timeout_s)
        return min(time.monotonic() - began, timeout_s)

    def _count_start(self, ready: bool) -> None:
        self._failed_starts = 0 if ready else self._failed_starts + 1
        if self._failed_starts >= MAX_FAILED_STARTS:
            raise DecodersFailed(
                "decoders-not-starting",
                "{failures} processes that decode pictures ended before they had "
                "started; see what they say above, make room in memory, and run the command again",
                failures=self._failed_starts,
            )

    def _start(self) -> "_Worker":
        try:
            return _Worker(self._context, self._preparation, self._limits)
        except OSError as error:
            raise DecodersFailed(
                "decoders-cannot-start",
                "no process that decodes pictures can be started: {reason}; end other "
                "programs, or choose fewer with --workers, and run the command again",
                reason=system_reason(error),
            ) from error


def _failure(item: Item, hangs: bool, timeout_s: float) -> Failure:
    """Return the failure of a file whose worker ended during that file alone."""
    name = repr(str(item.path))
    if hangs:
        reason = "timed out"
        detail = Message(
            "picture-decoding-timed-out",
            "decoding {name} took more than {timeout_s:g} s, twice",
            name=name,
            timeout_s=timeout_s,
        )
    else:
        reason = "crashed"
        detail = Message(
            "picture-decoding-crashed", "decoding {name} ended its process, twice", name=name
        )
    return Failure(item.path, reason, detail, item.size_bytes, item.mtime_ns)


class _Worker:
    """One process, as its parent sees it."""

    def __init__(
        self,
        context: multiprocessing.context.SpawnContext,
        preparation: Preparation,
        limits: Limits,
    ) -> None:
        ours, theirs = socket.socketpair()
        self._memory: mmap.mmap | None = None
        if shared_memory.POSSIBLE:
            shape = _shape(preparation)
            self._memory = shared_memory.give(ours, int(np.prod(shape)))
            self._pixels: Pixels = np.ndarray(shape, np.uint8, self._memory)
        self.channel = ParentEnd(ours)
        self._process: SpawnProcess = context.Process(
            target=_work, args=(theirs, preparation, limits), daemon=True
        )
        with starting_child():
            self._process.start()
        theirs.close()
        self.tasks: deque[_Task] = deque()
        self.has_ended = False
        self._idle_end = False
        self.ready = False
        self.silent_s = 0.0

    @property
    def room(self) -> bool:
        return len(self.tasks) < TASKS_PER_WORKER and not self.has_ended

    def give(self, files: list[Work], alone: bool = False) -> None:
        used_slots = {task.slots for task in self.tasks}
        free = next(
            number for number in range(TASKS_PER_WORKER) if number * TASK_FILES not in used_slots
        )
        if not self.tasks:
            self.silent_s = 0.0
        self.tasks.append(_Task(files, free * TASK_FILES, alone))
        # Sidecar data may have megabytes, and a worker does not need it.
        without_sidecars = [
            replace(work, item=replace(work.item, sidecar=NOTHING)) for work in files
        ]
        try:
            self.channel.send((free * TASK_FILES, without_sidecars))
        except OSError:  # the worker ended while idle: no file is to blame
            self.has_ended = self._idle_end = True

    def answers(self) -> Iterator[Outcome]:
        """Yield the worker's new answers; the pixels are copied, so that their place is free."""
        try:
            self.channel.send_more()
            for answer in self.channel.receive():
                self.silent_s = 0.0
                self.ready = True
                if not isinstance(answer, Busy):
                    yield self._outcome_of(answer)
        except (EOFError, OSError):
            self.has_ended = True

    def _outcome_of(self, answer: Outcome) -> Outcome:
        """Return the outcome of the next file in turn, with the item's sidecar data."""
        task = self.tasks[0]
        item = task.files[task.done].item
        place = task.slots + task.done
        task.done += 1
        if task.done == len(task.files):
            self.tasks.popleft()
        match answer:
            case DecodedPicture():
                pixels = answer.pixels if self._memory is None else self._pixels[place].copy()
                return replace(answer, file=replace(answer.file, item=item), pixels=pixels)
            case ReadFile():
                return replace(answer, item=item)
            case Shots():
                return Shots(
                    item, tuple(replace(part, sidecar=item.sidecar) for part in answer.items)
                )
        return answer

    def unfinished_files(self) -> tuple[Work | None, list[Work]]:
        """Return the file in progress, or None, and the files that follow it."""
        rest = [work for task in self.tasks for work in task.files[task.done :]]
        if self._idle_end or not self.ready:
            return None, rest
        return rest[0], rest[1:]

    def stop(self, kill: bool = False) -> None:
        self.channel.close()  # a worker that waits for its next task ends
        if kill or self.tasks:
            self._process.kill()

    def close(self, patience_s: float) -> None:
        """Wait at most `patience_s` for the process to end, and then kill it."""
        self._process.join(patience_s)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()
        if self._memory is not None:
            del self._pixels
            self._memory.close()


def _shape(preparation: Preparation) -> tuple[int, int, int, int]:
    """Return the shape of a worker's memory: one place per picture of its tasks."""
    return TASKS_PER_WORKER * TASK_FILES, preparation.height_px, preparation.width_px, 3


def _work(end: socket.socket, preparation: Preparation, limits: Limits) -> None:
    """Answer tasks in a worker process until the parent closes the channel or is gone."""
    end_with_parent()
    with contextlib.suppress(EOFError, OSError):
        shape = _shape(preparation)
        memory = shared_memory.take(end, int(np.prod(shape))) if shared_memory.POSSIBLE else None
        pixels = None if memory is None else np.ndarray(shape, np.uint8, memory)
        channel = ChildEnd(end)
        channel.send(Busy())  # it has started
        while True:
            slots, files = channel.receive()
            for place, work in enumerate(files, slots):
                for answer in work_on(work, preparation, limits):
                    if isinstance(answer, DecodedPicture) and pixels is not None:
                        pixels[place] = answer.pixels
                        answer = replace(answer, pixels=EMPTY)
                    channel.send(answer)
    os._exit(0)  # at once, whatever a decoder's library still does
