"""Running queued jobs, each in a process of its own: what one hangs at holds up no other.

A process can be ended whatever it does, so cancelling a job takes seconds at most, and a collection
that is stuck, or takes hours, leaves room for the jobs of others.
"""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Literal

from search.catalog.catalog import Catalog
from search.catalog.jobs import Job
from search.errors import CollectionBusy, NotFound

# Each process holds an encoder and decoders, so few run at once: two, and as many again beside
# those that have been at it for longer than a minute.
AT_ONCE = 2
MOST = 4
LONG_S = 60.0

# A cancelled job looks at its row every 0.4 s, and needs a moment for what it is writing. One that
# has ended may have an index to write.
CANCEL_S = 1.4
CLOSE_S = 120.0

# What a process that is told to end may take to put its job back.
PATIENCE_S = 3.5

# How long a job rests that could not be begun, as another process is at its collection.
REST_S = 5.0

# How much is told of what a process said before it crashed.
SAID_BYTES = 4_000

# The current folder, which may be anybody's, is no place to take modules from: -P.
COMMAND = (sys.executable, "-P", "-c", "from search.cli import main; main()", "worker", "--job")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    """A job with its process; `said` is where the process writes to, if not to our own stderr."""

    job: Job
    process: "subprocess.Popen[bytes]"
    said: IO[bytes] | None
    began_s: float
    ending_s: float | None = None

    def kill(self) -> None:
        """End the process and its decoders, whatever they do."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class JobProcesses:
    """The processes that this one started for jobs. For one thread."""

    def __init__(
        self, catalog: Catalog, left_behind: Literal["always", "at first"], quiet: bool
    ) -> None:
        """Jobs `left_behind` by a process that died are taken up too; `quiet` keeps what the
        processes say, and tells of it only when they crash.
        """
        self._catalog = catalog
        self._jobs = catalog.jobs
        self._left_behind = left_behind
        self._quiet = quiet
        self._first = True
        self._running: dict[int, _Running] = {}
        self._rests_until_s: dict[int, float] = {}
        self.done = 0
        """How many jobs have ended here."""

    @property
    def running(self) -> int:
        return len(self._running)

    def step(self) -> None:
        """Look after the processes, and begin what can be begun; to be called again and again.

        Raises:
            DatabaseUnavailable: and other errors of the database.
            OSError: no process can be started.
        """
        for running in list(self._running.values()):
            if running.process.poll() is not None:
                self._settle(running)
        waiting = self._jobs.waiting()
        self._end_overdue({job.id: job for job in waiting})
        self._begin(waiting)
        self._first = False

    def stop(self) -> None:
        """End all processes; their jobs go on with the next ones."""
        for running in self._running.values():
            running.process.terminate()
        deadline_s = time.monotonic() + PATIENCE_S
        for running in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                running.process.wait(max(0.0, deadline_s - time.monotonic()))
            running.kill()  # its decoders too
        for running in self._running.values():
            self._close(running)
            if self._jobs.one(running.job.id).state == "running":
                self._jobs.requeue(running.job.id)
        self._running.clear()

    def _end_overdue(self, waiting: Mapping[int, Job]) -> None:
        """End the processes that should have ended by themselves."""
        now_s = time.monotonic()
        for running in list(self._running.values()):
            job = waiting.get(running.job.id)
            if job is not None and not job.cancelled:
                continue
            running.ending_s = running.ending_s or now_s
            if now_s - running.ending_s > (CLOSE_S if job is None else CANCEL_S):
                running.kill()
                self._jobs.end(running.job.id, "cancelled")
                self._settle(running)

    def _begin(self, waiting: Sequence[Job]) -> None:
        """Begin the oldest job of each collection, where nobody is at it and there is room."""
        names = {running.job.name for running in self._running.values()}
        for job in waiting:
            if job.name in names or job.id in self._running:
                continue
            if job.state == "running" and self._left_behind == "at first" and not self._first:
                continue  # another process is at it
            names.add(job.name)
            if time.monotonic() < self._rests_until_s.get(job.id, 0.0):
                continue
            if is_busy(self._catalog, job.name):
                self._rest(job)
            elif job.cancelled:
                self._jobs.end(job.id, "cancelled")
            elif self._has_room():
                self._start(job)
            else:
                return

    def _has_room(self) -> bool:
        now_s = time.monotonic()
        recent = sum(now_s - running.began_s < LONG_S for running in self._running.values())
        return recent < AT_ONCE and len(self._running) < MOST

    def _start(self, job: Job) -> None:
        said = TemporaryFile() if self._quiet else None  # noqa: SIM115 - see `_close`
        process = subprocess.Popen(
            (*COMMAND, str(job.id)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if self._quiet else None,
            stderr=said,
            # Ctrl-C in a terminal would reach it before this process could put things in order.
            start_new_session=True,
        )
        self._running[job.id] = _Running(job, process, said, time.monotonic())

    def _settle(self, running: _Running) -> None:
        """See what became of a job whose process has ended."""
        del self._running[running.job.id]
        code = running.process.returncode
        said = self._close(running)
        with suppress(NotFound):  # its collection may have been removed since
            state = self._jobs.one(running.job.id).state
            if state in ("queued", "running") and code:
                log.error("the process of job %d crashed (code %d): %s", running.job.id, code, said)
                message = f"the worker ended unexpectedly (code {code}); "
                message += "what was read is kept: try again"
                self._jobs.end(running.job.id, "interrupted", message)
            elif state in ("queued", "running"):
                self._rest(running.job)  # another process was quicker, or it was told to end
                return
        self.done += 1

    def _rest(self, job: Job) -> None:
        self._rests_until_s[job.id] = time.monotonic() + REST_S

    def _close(self, running: _Running) -> str:
        """Return the last that a process said, where that was kept."""
        if running.said is None:
            return "see above"
        with running.said as said:
            said.seek(max(0, said.seek(0, os.SEEK_END) - SAID_BYTES))
            return said.read().decode("utf-8", "replace")


def is_busy(catalog: Catalog, name: str) -> bool:
    """Whether a process writes to the collection of that name, which need not be there."""
    try:
        collection = catalog.collections.one(name)
    except NotFound:
        return False
    try:
        with catalog.lock(collection):
            return False
    except CollectionBusy:
        return True
