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
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Literal

from search.catalog.catalog import Catalog
from search.catalog.jobs import READING, UPGRADE, Job
from search.errors import CollectionBusy, Message, NotFound
from search.records import Collection

# Each process has an encoder and decoders, so few run at once: two, and as many again in addition
# to jobs that have run for more than a minute.
AT_ONCE = 2
MAX_PROCESSES = 4
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
OUTPUT_BYTES = 4_000

# The current folder, which anybody may own, must not be searched for modules: -P.
COMMAND = (sys.executable, "-P", "-c", "from search.cli import main; main()", "worker", "--job")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Worker:
    """A job with its process; `output` is the process's output file, if not our own stderr."""

    job: Job
    process: "subprocess.Popen[bytes]"
    output: IO[bytes] | None
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

        With `quiet`, record the output of processes, and report it only when they crash.
        """
        self._catalog = catalog
        self._jobs = catalog.jobs
        self._left_behind = left_behind
        self._quiet = quiet
        self._first = True
        self._workers: dict[int, _Worker] = {}
        self._rests_until_s: dict[int, float] = {}
        self.done = 0
        """The number of jobs that have ended here."""

    @property
    def running_count(self) -> int:
        """Return the number of processes at work."""
        return len(self._workers)

    def step(self) -> None:
        """Check the processes, and begin the jobs that can begin; call it again and again.

        Raises:
            DatabaseUnavailable: and other errors of the database.
            OSError: no process can be started.
        """
        for worker in list(self._workers.values()):
            if worker.process.poll() is not None:
                self._settle(worker)
        jobs = self._jobs.queue()
        self._end_overdue({job.id: job for job in jobs})
        self._begin(jobs)
        self._first = False

    def stop(self) -> None:
        """End all processes; the next processes continue their jobs."""
        for worker in self._workers.values():
            worker.process.terminate()
        deadline_s = time.monotonic() + PATIENCE_S
        for worker in self._workers.values():
            with suppress(subprocess.TimeoutExpired):
                worker.process.wait(max(0.0, deadline_s - time.monotonic()))
            worker.kill()  # its decoders too
        for worker in self._workers.values():
            self._close(worker)
            if self._jobs.one(worker.job.id).state == "running":
                self._jobs.requeue(worker.job.id)
        self._workers.clear()

    def _end_overdue(self, jobs_by_id: Mapping[int, Job]) -> None:
        """End the processes that should have ended by themselves."""
        now_s = time.monotonic()
        for worker in list(self._workers.values()):
            job = jobs_by_id.get(worker.job.id)
            if job is not None and not job.cancelled:
                continue
            worker.ending_s = worker.ending_s or now_s
            if now_s - worker.ending_s > (CLOSE_S if job is None else CANCEL_S):
                worker.kill()
                self._jobs.end(worker.job.id, "cancelled")
                self._settle(worker)

    def _begin(self, jobs: Sequence[Job]) -> None:
        """Begin the oldest job of each lane without a running one, where there is room."""
        lanes = {worker.job.lane for worker in self._workers.values()}
        for job in jobs:
            if job.lane in lanes or job.id in self._workers:
                continue
            takes_up = self._left_behind == "always" or self._first or not job.writes
            if job.state == "running" and not takes_up:
                continue  # another process works on it
            lanes.add(job.lane)
            if time.monotonic() < self._rests_until_s.get(job.id, 0.0):
                continue
            if is_busy(self._catalog, job):
                self._rest(job)
            elif job.cancelled:
                self._jobs.end(job.id, "cancelled")
            elif self._has_room():
                self._start(job)
            else:
                return

    def _has_room(self) -> bool:
        now_s = time.monotonic()
        recent = sum(now_s - worker.began_s < LONG_S for worker in self._workers.values())
        return recent < AT_ONCE and len(self._workers) < MAX_PROCESSES

    def _start(self, job: Job) -> None:
        output = TemporaryFile() if self._quiet else None  # noqa: SIM115 - see `_close`
        process = start_process(job.id, output)
        self._workers[job.id] = _Worker(job, process, output, time.monotonic())

    def _settle(self, worker: _Worker) -> None:
        """Record the end of a job whose process has ended."""
        del self._workers[worker.job.id]
        code = worker.process.returncode
        output = self._close(worker)
        with suppress(NotFound):  # its collection may have been removed since
            state = self._jobs.one(worker.job.id).state
            if state in ("queued", "running") and code:
                log.error(
                    "the process of job %d crashed (code %d): %s", worker.job.id, code, output
                )
                message = Message(
                    "job-process-ended",
                    "the process of the job ended unexpectedly (exit code {exit_code}); what it "
                    "had done is kept; start the job again",
                    exit_code=code,
                )
                self._jobs.end(worker.job.id, "interrupted", message)
            elif state in ("queued", "running"):
                self._rest(worker.job)  # another process was quicker, or it was stopped
                return
        self.done += 1

    def _rest(self, job: Job) -> None:
        self._rests_until_s[job.id] = time.monotonic() + REST_S

    def _close(self, worker: _Worker) -> str:
        """Return the end of a process's output, if it was recorded."""
        if worker.output is None:
            return "see above"
        with worker.output as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - OUTPUT_BYTES))
            return stream.read().decode("utf-8", "replace")


def start_process(job_id: int, output: IO[bytes] | int | None = None) -> "subprocess.Popen[bytes]":
    """Start a process that runs a job, and that outlives this one unless it is ended.

    Its stderr goes to `output`, a file or `subprocess.DEVNULL`, else to that of this process.
    """
    return subprocess.Popen(
        (*COMMAND, str(job_id)),
        stdin=subprocess.DEVNULL,
        stdout=None if output is None else subprocess.DEVNULL,
        stderr=output,
        # Ctrl-C in a terminal would reach it before this process could clean up.
        start_new_session=True,
    )


def is_busy(catalog: Catalog, job: Job) -> bool:
    """Return whether a process holds the lock that a job needs; its collection need not exist."""
    try:
        collection = catalog.collections.one(job.name)
    except NotFound:
        return False
    try:
        with _lock_of(catalog, collection, job):
            return False
    except CollectionBusy:
        return True


def _lock_of(catalog: Catalog, collection: Collection, job: Job) -> AbstractContextManager[None]:
    """Return the lock that a job needs."""
    locks = {UPGRADE: catalog.upgrade_lock, READING: catalog.reading_lock}
    return locks.get(job.kind, catalog.lock)(collection)
