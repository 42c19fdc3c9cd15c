"""The stages after decoding, side by side: one thread embeds, one writes what it made."""

import threading
from collections.abc import Callable
from queue import Empty, Full, Queue
from typing import Any, Self

from indexer.decoding import Decoded
from indexer.embedding import embed
from indexer.plan import Task
from indexer.writing import Settled, Writer
from search.encoders import Encoder
from search.records import EmbeddedPicture

# Batches that wait before a stage: one is enough to keep it busy, two even out its neighbours.
WAITING = 2

# How often a stage that waits looks whether another has failed.
LOOK_EVERY_S = 0.2

END = object()


class Stages:
    """Two threads in a row behind bounded queues: encode, then write.

    An error in either ends both and is raised by the next `put`, or at the end of the block. When
    the block ends by an error of its own, what has been encoded is still written.
    """

    def __init__(self, encoder: Encoder, writer: Writer) -> None:
        self._encoder = encoder
        self._writer = writer
        self._error: BaseException | None = None
        self._failed = threading.Event()
        self._to_encode: Queue[Any] = Queue(WAITING)
        self._to_write: Queue[Any] = Queue(WAITING)
        self._threads = [
            threading.Thread(target=self._stage, args=(self._to_encode, self._encode_one)),
            threading.Thread(target=self._stage, args=(self._to_write, self._write_one)),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let each stage come to the end of what it was given."""
        for queue, thread in zip((self._to_encode, self._to_write), self._threads, strict=True):
            self._give(queue, END)
            thread.join()
        if self._error is not None:
            raise self._error
        self._writer.flush()

    def put(self, decoded: list[tuple[Task, Decoded]], others: list[Settled]) -> None:
        """Hand on a batch; waits while there is no room."""
        if decoded or others:
            self._give(self._to_encode, (decoded, others))
        if self._error is not None:
            raise self._error

    def _give(self, queue: "Queue[Any]", value: object) -> None:
        while not self._failed.is_set():
            try:
                queue.put(value, timeout=LOOK_EVERY_S)
            except Full:
                continue
            return

    def _stage(self, queue: "Queue[Any]", work: Callable[[Any], None]) -> None:
        try:
            while not self._failed.is_set():
                try:
                    value = queue.get(timeout=LOOK_EVERY_S)
                except Empty:
                    continue
                if value is END:
                    return
                work(value)
        except BaseException as error:  # handed to the thread that waits for this one
            self._error = self._error or error
            self._failed.set()

    def _encode_one(self, batch: tuple[list[tuple[Task, Decoded]], list[Settled]]) -> None:
        decoded, others = batch
        self._give(self._to_write, (embed(self._encoder, decoded), others))

    def _write_one(self, batch: tuple[list[EmbeddedPicture], list[Settled]]) -> None:
        self._writer.put(*batch)
