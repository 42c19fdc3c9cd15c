"""Queued jobs, each run in a process of its own, so that a stuck job blocks no other.

A process can always be ended, so cancelling a job takes seconds at most, and a collection
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
from search.errors import CollectionBusy, Message, NotFound

# Each process has an encoder and decoders, so few run at once: two, and as many again in addition
# to jobs that have run for more than a minute.
AT_ONCE = 2
MOST = 4
LONG_S = 60.0

# A cancelled job reads its row every 0.4 s, and needs a moment for its current write. A job that
# has ended may have an index to write.
CANCEL_S = 1.4
CLOSE_S = 120.0

# The time that a stopped process may take to put its job back.
PATIENCE_S = 3.5

# The pause of a job that could not begin, because another process works on its collection.
REST_S = 5.0

# The length of a crashed process's output that is reported.
SAID_BYTES = 4_000

# The current folder, which anybody may own, must not be searched for modules: -P.
COMMAND = (sys.executable, "-P", "-c", "from search.cli import main; main()", "worker", "--job")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    """A job with its process; `said` is the process's output file, if not our own stderr."""

    job: Job
    process: "subprocess.Popen[bytes]"
    said: IO[bytes] | None
    began_s: float
    ending_s: float | None = None

    def kill(self) -> None:
        """Kill the process and its decoders, in any state."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class JobProcesses:
    """The processes that this process started for jobs. For one thread."""

    def __init__(
        self, catalog: Catalog, left_behind: Literal["always", "at first"], quiet: bool
    ) -> None:
        """Take up jobs `left_behind` by a dead process too.

        With `quiet`, cache the output of processes, and report it only when they crash.
        """
        self._catalog = catalog
        self._jobs = catalog.jobs
        self._left_behind = left_behind
        self._quiet = quiet
        self._first = True
        self._running: dict[int, _Running] = {}
        self._rests_until_s: dict[int, float] = {}
        self.done = 0
        """The number of jobs that have ended here."""

    @property
    def running(self) -> int:
        """Return the number of processes at work."""
        return len(self._running)

    def step(self) -> None:
        """Check the processes, and begin the jobs that can begin; call it again and again.

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
        """End all processes; the next processes continue their jobs."""
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
        """Begin the oldest job of each collection without a running one, where there is room."""
        names = {running.job.name for running in self._running.values()}
        for job in waiting:
            if job.name in names or job.id in self._running:
                continue
            if job.state == "running" and self._left_behind == "at first" and not self._first:
                continue  # another process works on it
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
            # Ctrl-C in a terminal would reach it before this process could clean up.
            start_new_session=True,
        )
        self._running[job.id] = _Running(job, process, said, time.monotonic())

    def _settle(self, running: _Running) -> None:
        """Record the end of a job whose process has ended."""
        del self._running[running.job.id]
        code = running.process.returncode
        said = self._close(running)
        with suppress(NotFound):  # its collection may have been removed since
            state = self._jobs.one(running.job.id).state
            if state in ("queued", "running") and code:
                log.error("the process of job %d crashed (code %d): %s", running.job.id, code, said)
                message = Message(
                    "job-process-ended",
                    "the process of the job ended unexpectedly (exit code {exit_code}); what it "
                    "had indexed is stored; start the job again",
                    exit_code=code,
                )
                self._jobs.end(running.job.id, "interrupted", message)
            elif state in ("queued", "running"):
                self._rest(running.job)  # another process was quicker, or it was stopped
                return
        self.done += 1

    def _rest(self, job: Job) -> None:
        self._rests_until_s[job.id] = time.monotonic() + REST_S

    def _close(self, running: _Running) -> str:
        """Return the end of a process's output, if it was recorded."""
        if running.said is None:
            return "see above"
        with running.said as said:
            said.seek(max(0, said.seek(0, os.SEEK_END) - SAID_BYTES))
            return said.read().decode("utf-8", "replace")


def is_busy(catalog: Catalog, name: str) -> bool:
    """Return whether a process writes to the collection of that name, which need not exist."""
    try:
        collection = catalog.collections.one(name)
    except NotFound:
        return False
    try:
        with catalog.lock(collection):
            return False
    except CollectionBusy:
        return True
