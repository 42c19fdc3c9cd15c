"""The worker: runs the jobs that the page or a program queued, one after the other."""

import logging
import time

from indexer.mapping.making import make_map
from indexer.request import Request
from indexer.running import run
from indexer.writing import Cancelled, Progress
from search.engine import Engine
from search.errors import CollectionBusy, LimnError, NotFound
from search.jobs import Job, Jobs
from search.records import Counts
from search.settings import Settings
from search.writerlock import writer_lock

# How often a worker with nothing to do looks for jobs.
LOOK_EVERY_S = 0.5

log = logging.getLogger(__name__)


class Worker:
    """Takes queued jobs, and those whose worker died: then nobody holds the collection's lock."""

    def __init__(self, engine: Engine, settings: Settings, progress: Progress) -> None:
        self._engine = engine
        self._settings = settings
        self._progress = progress
        self._jobs = Jobs(engine.catalog.database)

    def forever(self) -> None:
        """Run jobs until the process is told to end."""
        while True:
            if not self.once():
                time.sleep(LOOK_EVERY_S)

    def once(self) -> int:
        """Run every job that can be run now; returns how many were."""
        return sum(self._take(job) for job in self._jobs.waiting())

    def _take(self, job: Job) -> bool:
        if self._busy(job):
            return False
        assert job.request is not None  # `waiting` yields no others
        try:
            if job.kind == "map":
                self._map(job)
            else:
                request = Request.from_json(job.request)
                run(self._engine, self._settings, request, self._progress, job.id)
        except CollectionBusy:  # another worker was quicker
            return False
        except Cancelled:
            return True
        except KeyboardInterrupt:  # this worker is told to end: the next one goes on
            self._jobs.requeue(job.id)
            raise
        except LimnError as error:
            log.error("job %s failed: %s", job.id, error)
            self._jobs.update(job.id, self._jobs.one(job.id).counts, "failed", error.outside)
        return True

    def _map(self, job: Job) -> None:
        """Make a collection's map; raises Cancelled, and what `make_map` raises."""
        [collection] = self._engine.catalog.collections([job.name])

        def tell(share: float) -> None:
            if self._jobs.update(job.id, Counts(), current=f"{share:.0%}"):
                self._jobs.update(job.id, Counts(), "cancelled")
                raise Cancelled

        made = make_map(self._engine, collection, tell)
        self._jobs.update(job.id, Counts(found=len(made.ids)), "done")

    def _busy(self, job: Job) -> bool:
        """Whether another process writes to the job's collection."""
        try:
            [collection] = self._engine.catalog.collections([job.name])
        except NotFound:
            return False
        try:
            with writer_lock(self._engine.catalog.database, collection):
                return False
        except CollectionBusy:
            return True
