"""Worker processes of a server: started for queued jobs, and stopped with the server."""

import logging
import threading

from search.catalog.job_processes import PATIENCE_S, JobProcesses
from search.engine import Engine
from search.errors import LimnError

# The interval for polling the queue without calls, as other programs may queue jobs too.
POLL_INTERVAL_S = 2.0

# The interval for checking running processes.
WATCH_INTERVAL_S = 0.3

log = logging.getLogger(__name__)


class WorkerProcesses:
    """A supervisor of worker processes, which run while there are jobs. Thread-safe."""

    def __init__(self, engine: Engine, shutdown: threading.Event | None = None) -> None:
        """Prepare the thread; once `shutdown` is set, it ends workers and requeues their jobs."""
        self._jobs = engine.catalog.jobs
        # A process ends with its job, so that an idle server has no second encoder in memory, and a
        # killed server leaves no endless worker.
        self._processes = JobProcesses(engine.catalog, left_behind="at first", quiet=True)
        self._wakeup = threading.Event()
        self._shutdown = shutdown or threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start watching the queue; jobs of workers that died run first."""
        self._thread = threading.Thread(target=self._watch, name="limn-workers", daemon=True)
        self._thread.start()

    def call(self) -> None:
        """Check the queue now, since a job was added."""
        self._wakeup.set()

    def stop(self) -> None:
        """Stop the workers and wait for their end."""
        self._shutdown.set()
        self._wakeup.set()
        if self._thread is not None:
            self._thread.join(PATIENCE_S + POLL_INTERVAL_S)

    @property
    def at_work(self) -> bool:
        """Return whether queued jobs will run without further action."""
        return self._thread is not None and self._thread.is_alive()

    def queue_length(self) -> int:
        """Return the number of queued jobs."""
        return sum(job.state == "queued" for job in self._jobs.queue())

    def _watch(self) -> None:
        while not self._shutdown.is_set():
            try:
                self._processes.step()
            except LimnError as error:  # the database may be back in a moment
                log.warning("the queue of jobs can't be looked at: %s", error)
            except OSError as error:
                log.error("no worker can be started: %s", error)
            self._wakeup.wait(
                WATCH_INTERVAL_S if self._processes.running_count else POLL_INTERVAL_S
            )
            self._wakeup.clear()
        try:
            self._processes.stop()
        except LimnError as error:  # the next server finds the jobs as they are
            log.warning("the jobs under way can't be put back: %s", error)
