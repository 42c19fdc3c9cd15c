"""Child processes that read the text in pictures; one that crashes or hangs costs one picture.

A child gets one picture at a time. One that ends or is silent for too long is replaced, and its
picture is tried once more by the next: memory may have been short, or somebody stopped it.
"""

import contextlib
import multiprocessing
import os
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from typing import Any, Self

from indexer.processes.channel import ChildEnd
from indexer.processes.child import end_with_parent, starting_child
from indexer.text_reading.outcomes import AtWork, NotReadable, Outcome, TextTask
from indexer.text_reading.signs_of_life import SignsOfLife
from search.errors import LimnError, Message, system_reason
from search.pictures import Limits

# A process that gives no sign of life for so long hangs.
SILENT_S = 120.0

# A picture, or a start, that takes longer is given up in any case.
LONGEST_S = 1_800.0

# A child that ends without having started will do so again.
MAX_FAILED_STARTS = 3

END_S = 5.0

# The environment is one for all threads of this process.
_STARTING = threading.Lock()


class ReadersFailed(LimnError):
    """No process that reads text can be started."""


class ReaderProcess:
    """One child process, started at the first picture. For one thread."""

    def __init__(
        self,
        limits: Limits,
        silent_s: float = SILENT_S,
        target: Callable[[socket.socket, Limits], None] | None = None,
    ) -> None:
        """Take the limits of pictures; `target` is what the child runs, `serve` by default."""
        self._limits = limits
        self._silent_s = silent_s
        self._target = target or serve
        self._process: SpawnProcess | None = None
        self._end: socket.socket | None = None
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, task: TextTask) -> Outcome:
        """Read one picture, and once more where its process ended or hung.

        Raises:
            ReadersFailed: no process can be started.
        """
        name = repr(str(task.path))
        detail = None
        for _ in range(2):
            end = self._ensure_started()
            try:
                ChildEnd(end).send(task)
                outcome: Outcome = _answer(end, self._silent_s)
                return outcome
            except TimeoutError:
                detail = Message(
                    "text-reading-timed-out",
                    "reading the text in {name} did not end, twice",
                    name=name,
                )
            except (EOFError, OSError):
                detail = Message(
                    "text-reading-crashed",
                    "reading the text in {name} ended its process, twice",
                    name=name,
                )
            self._stop()
        assert detail is not None
        return NotReadable(detail)

    def close(self) -> None:
        """End the process for good; any thread may call it, which gives up a picture at work."""
        self._is_closed = True
        self._stop()

    def _stop(self) -> None:
        process, self._process = self._process, None
        end, self._end = self._end, None
        if end is not None:
            end.close()
        if process is not None:
            process.kill()
            process.join(END_S)
            with contextlib.suppress(ValueError):  # it does not end: its system is stuck
                process.close()

    def _ensure_started(self) -> socket.socket:
        """Return the channel to a child that has started."""
        if self._end is not None:
            return self._end
        for _ in range(MAX_FAILED_STARTS):
            if self._is_closed:
                break
            end = self._start()
            try:
                _answer(end, SILENT_S)
            except (EOFError, OSError):
                self._stop()
            else:
                return end
        raise ReadersFailed(
            "text-readers-not-starting",
            "{failures} processes that read text ended before they had started; see what they say "
            "above, make room in memory, and run the command again",
            failures=MAX_FAILED_STARTS,
        )

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(
            target=_run_child, args=(self._target, theirs, self._limits), daemon=True
        )
        try:
            with _STARTING, starting_child():
                self._process.start()
        except OSError as error:
            ours.close()
            raise ReadersFailed(
                "text-readers-cannot-start",
                "no process that reads text can be started: {reason}; end other programs, and run "
                "the command again",
                reason=system_reason(error),
            ) from error
        finally:
            theirs.close()
        self._end = ours
        return ours


def _answer(end: socket.socket, silent_s: float) -> Any:
    """Return the next message but signs of life; raise TimeoutError, EOFError or OSError."""
    end.settimeout(silent_s)
    began_s = time.monotonic()
    while isinstance(message := ChildEnd(end).receive(), AtWork):
        if time.monotonic() - began_s > LONGEST_S:
            raise TimeoutError
    return message


def _run_child(
    target: Callable[[socket.socket, Limits], None], end: socket.socket, limits: Limits
) -> None:
    end_with_parent()
    with contextlib.suppress(EOFError, ConnectionError):  # the parent closed the channel
        target(end, limits)
    os._exit(0)  # at once, whatever a library still does


def serve(end: socket.socket, limits: Limits) -> None:
    """Read one picture after the other in a child process, until the parent closes the channel."""
    with SignsOfLife(end) as signs:
        from indexer.text_reading.text_reader import TextReader

        reader = TextReader(limits)
        signs.answer(None)  # it has started
        while True:
            task: Any = ChildEnd(end).receive()
            signs.begin()
            signs.answer(reader.read(task))
