"""The workers of a server: processes that are started when jobs wait, and stopped with it."""

import logging
import threading

from search.catalog.job_processes import PATIENCE_S, JobProcesses
from search.engine import Engine
from search.errors import LimnError

# How often the queue is looked at when nobody calls: jobs may be queued by other programs too.
LOOK_EVERY_S = 2.0

# How often the processes are looked at while there are some.
WATCH_EVERY_S = 0.3

log = logging.getLogger(__name__)


class Foreman:
    """Keeps worker processes running while there are jobs. Safe to call from many threads."""

    def __init__(self, engine: Engine, ending: threading.Event | None = None) -> None:
        """Once `ending` is set, the workers are ended, whose jobs go on with the next ones."""
        self._jobs = engine.catalog.jobs
        # A process ends with its job, so that an idle server holds no second encoder, and one that
        # was killed leaves no worker behind that goes on for ever.
        self._processes = JobProcesses(engine.catalog, left_behind="at first", quiet=True)
        self._called = threading.Event()
        self._ending = ending or threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look after the queue from now on; jobs that a worker left when it died go on first."""
        self._thread = threading.Thread(target=self._watch, name="limn-foreman", daemon=True)
        self._thread.start()

    def call(self) -> None:
        """Look at the queue now: a job was added."""
        self._called.set()

    def stop(self) -> None:
        """End the workers, and wait for that."""
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
        while not self._ending.is_set():
            try:
                self._processes.step()
            except LimnError as error:  # a database that is away for a moment
                log.warning("the queue of jobs can't be looked at: %s", error)
            except OSError as error:
                log.error("no worker can be started: %s", error)
            self._called.wait(WATCH_EVERY_S if self._processes.running else LOOK_EVERY_S)
            self._called.clear()
        try:
            self._processes.stop()
        except LimnError as error:  # the next server finds them as they were left
            log.warning("the jobs under way can't be put back: %s", error)
