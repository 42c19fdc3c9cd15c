"""The stages after decoding, in parallel: one thread embeds, one writes the rows."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Full, Queue
from typing import Any, Self

from indexer.indexing.cancellation import Cancelled, Stop
from indexer.indexing.decode import Decoded
from indexer.indexing.embed import embed_batch
from indexer.indexing.results import ReadyRows, Settled
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
        self._failed = threading.Event()
        self._to_encode: Queue[Any] = Queue(WAITING)
        self._to_write: Queue[Any] = Queue(WAITING)
        # A daemon, so that the process need not wait for an abandoned call of the encoder.
        self._encoding = threading.Thread(
            target=self._stage, args=(self._to_encode, self._encode_one), daemon=True
        )
        self._writing = threading.Thread(target=self._stage, args=(self._to_write, self._write_one))

    def __enter__(self) -> Self:
        try:
            self._encoding.start()
            self._writing.start()
        except BaseException:
            self._failed.set()
            raise
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Let each stage finish its queue; after an error, its present batch alone."""
        if kind is not None:
            self._end_early()
            return
        try:
            for queue, thread in (
                (self._to_encode, self._encoding),
                (self._to_write, self._writing),
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

    def put(self, decoded: list[tuple[Task, Decoded]], settled: list[Settled]) -> None:
        """Pass on a batch; wait while there is no room."""
        if decoded or settled:
            self._give(self._to_encode, (decoded, settled))
        if self._error is not None:
            raise self._error

    def _end_early(self) -> None:
        """End both threads; no row is written after the return."""
        with suppress(Empty):
            while True:
                self._to_encode.get_nowait()
        deadline_s = time.monotonic() + ENCODED_S
        self._to_encode.put(END)  # there is room: this thread alone puts
        self._encoding.join(ENCODED_S)
        with suppress(Full):
            self._to_write.put(END, timeout=max(0.0, deadline_s - time.monotonic()))
            self._writing.join(ENCODED_S)
        self._failed.set()
        self._writing.join()  # within a transaction
        if self._error is None or isinstance(self._error, Cancelled):
            with suppress(Cancelled):
                self._writer.flush()

    def _give(self, queue: "Queue[Any]", value: object) -> None:
        while not self._failed.is_set():
            self._stop.check()
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
        except BaseException as error:  # raised in the thread that waits for this one
            self._error = self._error or error
            self._failed.set()

    def _encode_one(self, batch: tuple[list[tuple[Task, Decoded]], list[Settled]]) -> None:
        decoded, settled = batch
        self._give(self._to_write, embed_batch(self._encoder, decoded, settled))

    def _write_one(self, rows: ReadyRows) -> None:
        self._writer.put(rows)
