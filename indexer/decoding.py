"""Decoding pictures in worker processes: a file that crashes its worker costs that file alone."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import wait
from typing import Self

from indexer.sources import Item
from search.encoders.preparation import Preparation
from search.errors import BadPicture
from search.pictures import Limits, content_hash, load_file, read_picture
from search.records import Failure, PictureFacts, Pixels

# Files that travel together to a worker and back: enough that the trip costs little beside the
# decoding, few enough that a crash repeats little work.
TASK_FILES = 8

# Tasks in flight a worker: one that is worked on, one that waits, so that no worker ever does.
TASKS_PER_WORKER = 2


@dataclass(frozen=True, slots=True)
class Work:
    """One file to decode. A file that still has `known_hash` is not decoded again."""

    item: Item
    known_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file as it was read: its state then, and its content's hash."""

    item: Item
    size_bytes: int
    mtime_ns: int
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a worker made of a file: what it says of itself, and the encoder's input."""

    file: ReadFile
    facts: PictureFacts
    pixels: Pixels


# A file that comes back as it was read, and no more, still has the content that is known.
Outcome = Decoded | ReadFile | Failure


class Decoders:
    """A pool of worker processes that turn files into encoder input."""

    def __init__(self, workers: int, preparation: Preparation, limits: Limits) -> None:
        self._workers = workers
        self._arguments = (preparation, limits)
        self._pool = self._open(workers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def run(self, work: Iterable[Work]) -> Iterator[Outcome]:
        """Decode files in order; memory holds a few tasks, however many files there are."""
        files = iter(work)
        waiting: deque[tuple[list[Work], Future[list[Outcome]]]] = deque()
        while True:
            while len(waiting) < self._workers * TASKS_PER_WORKER:
                task = list(islice(files, TASK_FILES))
                if not task:
                    break
                waiting.append((task, self._submit(task)))
            if not waiting:
                return
            task, future = waiting.popleft()
            try:
                outcomes = future.result()
            except BrokenProcessPool:
                # A worker died: every task in flight is lost with it, and done again with care.
                lost = [task, *(each for each, _ in waiting)]
                waiting.clear()
                self._pool.shutdown(wait=False, cancel_futures=True)
                for each in lost:
                    yield from self._one_by_one(each)
                self._pool = self._open(self._workers)
            else:
                yield from outcomes

    def _submit(self, task: Sequence[Work]) -> Future[list[Outcome]]:
        try:
            return self._pool.submit(_decode_all, task, *self._arguments)
        except BrokenProcessPool as error:
            broken: Future[list[Outcome]] = Future()
            broken.set_exception(error)
            return broken

    def _one_by_one(self, task: Sequence[Work]) -> Iterator[Outcome]:
        """Decode each file on its own, so that the one that kills its worker shows itself."""
        for work in task:
            with self._open(1) as pool:
                try:
                    outcomes = pool.submit(_decode_all, [work], *self._arguments).result()
                except BrokenProcessPool:
                    path = work.item.path
                    detail = f"decoding {str(path)!r} ended its process"
                    outcomes = [Failure(path, "crashed", detail)]
            yield from outcomes

    @staticmethod
    def _open(workers: int) -> ProcessPoolExecutor:
        # Not forked: this process has threads, and FAISS may hang in a fork.
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker)
        with _interrupts_ignored():
            pool.submit(int)  # the first task starts the processes, which inherit what is ignored
        return pool


@contextmanager
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


def _begin_worker() -> None:
    """End when the parent is gone, killed or not."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end_with_parent() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def _decode_all(task: Sequence[Work], preparation: Preparation, limits: Limits) -> list[Outcome]:
    return [_decode(work, preparation, limits) for work in task]


def _decode(work: Work, preparation: Preparation, limits: Limits) -> Outcome:
    path = work.item.path
    try:
        status = (
            path.stat()
        )  # before reading: a file that changes meanwhile looks changed next time
        data = load_file(path, limits)
        file = ReadFile(work.item, status.st_size, status.st_mtime_ns, content_hash(data))
        if file.content_hash == work.known_hash:
            return file
        side_px = max(preparation.width_px, preparation.height_px)
        picture, facts = read_picture(data, limits=limits, target_px=side_px, name=repr(str(path)))
        pixels = preparation.pixels(picture)
    except BadPicture as error:
        return Failure(path, error.reason, str(error))
    except OSError as error:
        return Failure(path, "unreadable", f"can't read {str(path)!r}: {error.strerror}")
    except Exception as error:  # one file must never end a run of a million
        return Failure(path, "crashed", f"decoding {str(path)!r}: {type(error).__name__}: {error}")
    return Decoded(file, facts, pixels)
