"""The stages after decoding, in parallel: one thread embeds, one writes the rows."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Full, Queue
from typing import Any, Self

from indexer.indexing.cancellation import JobCancelled, Stop
from indexer.indexing.decode import DecodedPicture
from indexer.indexing.embed import embed_batch
from indexer.indexing.results import PlainResult, ReadyRows
from indexer.indexing.run_state import Task
from indexer.indexing.writer import Writer
from search.encoders import Encoder

# Batches queued before a stage: one is enough to occupy it, two even out varying speeds.
WAITING = 2

# The interval at which a waiting stage checks for failures of the other.
LOOK_EVERY_S = 0.2

# The time that an aborted run waits for the batch in the encoder. The next run decodes lost
# pictures again.
ENCODED_S = 0.5

END = object()


class Stages:
    """Two threads in a row behind bounded queues: encode, then write.

    An error in either ends both and is raised by the next `put`, or at the end of the block. When
    the block ends by its own error, encoded pictures are still written, and all others are dropped.
    """

    def __init__(self, encoder: Encoder, writer: Writer, stop: Stop) -> None:
        self._encoder = encoder
        self._writer = writer
        self._stop = stop
        self._error: BaseException | None = None
        self._failure_event = threading.Event()
        self._to_encode: Queue[Any] = Queue(WAITING)
        self._to_write: Queue[Any] = Queue(WAITING)
        # A daemon, so that the process need not wait for an abandoned call of the encoder.
        self._encode_thread = threading.Thread(
            target=self._stage, args=(self._to_encode, self._encode_one), daemon=True
        )
        self._write_thread = threading.Thread(
            target=self._stage, args=(self._to_write, self._write_one)
        )

    def __enter__(self) -> Self:
        try:
            self._encode_thread.start()
            self._write_thread.start()
        except BaseException:
            self._failure_event.set()
            raise
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Let each stage finish its queue; after an error, its present batch alone."""
        if kind is not None:
            self._end_early()
            return
        try:
            for queue, thread in (
                (self._to_encode, self._encode_thread),
                (self._to_write, self._write_thread),
            ):
                self._give(queue, END)
                while thread.is_alive():
                    thread.join(LOOK_EVERY_S)
                    self._stop.check()
        except BaseException:
            self._end_early()
            raise
        if self._error is not None:
            raise self._error
        self._writer.flush()

    def put(
        self, pictures: list[tuple[Task, DecodedPicture]], plain_results: list[PlainResult]
    ) -> None:
        """Pass on a batch; wait while there is no room."""
        if pictures or plain_results:
            self._give(self._to_encode, (pictures, plain_results))
        if self._error is not None:
            raise self._error

    def _end_early(self) -> None:
        """End both threads; no row is written after the return."""
        with suppress(Empty):
            while True:
                self._to_encode.get_nowait()
        deadline_s = time.monotonic() + ENCODED_S
        self._to_encode.put(END)  # there is room: this thread alone puts
        self._encode_thread.join(ENCODED_S)
        with suppress(Full):
            self._to_write.put(END, timeout=max(0.0, deadline_s - time.monotonic()))
            self._write_thread.join(ENCODED_S)
        self._failure_event.set()
        self._write_thread.join()  # within a transaction
        if self._error is None or isinstance(self._error, JobCancelled):
            with suppress(JobCancelled):
                self._writer.flush()

    def _give(self, queue: "Queue[Any]", value: object) -> None:
        while not self._failure_event.is_set():
            self._stop.check()
            try:
                queue.put(value, timeout=LOOK_EVERY_S)
            except Full:
                continue
            return

    def _stage(self, queue: "Queue[Any]", work: Callable[[Any], None]) -> None:
        try:
            while not self._failure_event.is_set():
                try:
                    value = queue.get(timeout=LOOK_EVERY_S)
                except Empty:
                    continue
                if value is END:
                    return
                work(value)
        except BaseException as error:  # raised in the thread that waits for this one
            self._error = self._error or error
            self._failure_event.set()

    def _encode_one(
        self, batch: tuple[list[tuple[Task, DecodedPicture]], list[PlainResult]]
    ) -> None:
        pictures, plain_results = batch
        self._give(self._to_write, embed_batch(self._encoder, pictures, plain_results))

    def _write_one(self, rows: ReadyRows) -> None:
        self._writer.put(rows)
