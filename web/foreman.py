"""The worker of a server: a `limn worker` that is started when jobs wait, and stopped with it."""

import logging
import subprocess
import sys
import threading
from contextlib import suppress
from tempfile import TemporaryFile

from search.engine import Engine
from search.errors import CollectionBusy, LimnError
from search.jobs import Job
from search.jobs import Jobs as JobRows
from search.writerlock import writer_lock

# How often the queue is looked at when nobody calls: jobs may be queued by other programs too.
LOOK_EVERY_S = 2.0

# A worker puts its job back and ends within a transaction or two.
PATIENCE_S = 20.0

# It runs what is queued and ends, so that an idle server holds no second encoder, and one that was
# killed leaves no worker behind that goes on for ever.
WORKER = (sys.executable, "-c", "from search.cli import main; main()", "worker", "--once")

# How long to rest after a worker that crashed before it had begun, and what is told of it.
REST_S = 30.0
SAID_BYTES = 4_000

log = logging.getLogger(__name__)


class Foreman:
    """Keeps one worker process running while there are jobs. Safe to call from many threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs = JobRows(engine.catalog.database)
        self._called = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look after the queue from now on; jobs that a worker left when it died go on first."""
        self._thread = threading.Thread(target=self._watch, name="limn-foreman", daemon=True)
        self._thread.start()

    def call(self) -> None:
        """Look at the queue now: a job was added."""
        self._called.set()

    def stop(self) -> None:
        """End the worker, whose job goes on with the next one, and wait for it."""
        self._ending.set()
        self._called.set()
        if self._thread is not None:
            self._thread.join(PATIENCE_S + LOOK_EVERY_S)

    @property
    def at_work(self) -> bool:
        """Whether jobs that are queued will be run without anybody doing more."""
        return self._thread is not None and self._thread.is_alive()

    def queued(self) -> int:
        """How many jobs wait for a worker."""
        return sum(job.state == "queued" for job in self._jobs.waiting())

    def _watch(self) -> None:
        wanted = True  # at first whatever is left over from before
        while not self._ending.is_set():
            try:
                if self._jobs.waiting() if wanted else self.queued():
                    self._run()
            except LimnError as error:  # a database that is away for a moment
                log.warning("the queue of jobs can't be looked at: %s", error)
            except OSError as error:
                log.error("no worker can be started: %s", error)
            wanted = False
            self._called.wait(LOOK_EVERY_S)
            self._called.clear()

    def _run(self) -> None:
        """Run one worker until the queue is empty, or this server ends."""
        with TemporaryFile() as said:
            # A session of its own: Ctrl-C in a terminal would reach it before this server could.
            with subprocess.Popen(
                WORKER,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            ) as process:
                while process.poll() is None and not self._ending.wait(0.2):
                    pass
                if process.poll() is None:
                    self._end(process)
                    return
            if process.returncode != 0:
                said.seek(max(0, said.tell() - SAID_BYTES))
                log.error("the worker crashed: %s", said.read().decode("utf-8", "replace"))
                self._tell_of_the_dead(process.returncode)

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_S)
        process.kill()

    def _tell_of_the_dead(self, code: int) -> None:
        """End the jobs that a worker was running when it crashed, so that nobody waits for them."""
        told = f"the worker ended unexpectedly (code {code}); what was read is kept: try again"
        blamed = 0
        for job in self._jobs.waiting():
            if job.state == "running" and not self._held(job):
                self._jobs.update(job.id, job.counts, "interrupted", told)
                blamed += 1
        if not blamed:  # the next one would crash as well
            self._ending.wait(REST_S)

    def _held(self, job: Job) -> bool:
        """Whether another process is at the job."""
        for collection in self._engine.collections():
            if collection.name == job.name:
                try:
                    with writer_lock(self._engine.catalog.database, collection):
                        return False
                except CollectionBusy:
                    return True
        return False
