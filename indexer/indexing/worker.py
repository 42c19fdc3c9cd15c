"""The worker: runs the jobs that the page or a program queued."""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from indexer.indexing.cancellation import JobCancelled
from indexer.indexing.download import download_for_job
from indexer.indexing.request import Request
from indexer.indexing.run import run
from indexer.indexing.text_job import TextRequest, ask_after_indexing, read_collection
from indexer.indexing.upgrade import UpgradeRequest, upgrade
from indexer.indexing.writer import Progress
from indexer.mapping.make import make_map
from search.catalog.downloads import DOWNLOAD
from search.catalog.job_processes import is_busy
from search.catalog.jobs import READING, UPGRADE, Job
from search.catalog.records import RunCounts
from search.engine import Engine
from search.errors import CollectionBusy, LimnError
from search.settings import Settings

# At this priority a job gets a tenth of a core that a search uses too. Less would be too little
# for a job that holds the database's write lock.
NICENESS = 10

log = logging.getLogger(__name__)


class Worker:
    """A runner of queued jobs, and of jobs whose worker died and left the collection unlocked."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        progress: Progress,
        on_hang: Callable[[], None] = lambda: None,
    ) -> None:
        """Make a worker; `on_hang` is called where a thread of a cancelled job does not end."""
        self._on_hang = on_hang
        self._engine = engine
        self._settings = settings
        self._progress = progress
        self._jobs = engine.catalog.jobs

    def once(self) -> int:
        """Run every job that can run now, one after the other; return their number."""
        return sum(self._take(job) for job in self._jobs.queue())

    def one(self, job_id: int) -> bool:
        """Run one job; False where the job has ended, or another process has its collection.

        Raises:
            NotFound: there is no such job.
        """
        job = self._jobs.one(job_id)
        return job.state in ("queued", "running") and self._take(job)

    def _take(self, job: Job) -> bool:
        if job.request is None or is_busy(self._engine.catalog, job):
            return False
        began = self._jobs.take(job.id)
        try:
            tasks = {
                "map": self._map,
                DOWNLOAD: self._download,
                READING: self._read,
                UPGRADE: self._upgrade,
            }
            tasks.get(job.kind, self._index)(job)
        except CollectionBusy:  # another worker was quicker
            if began:
                self._jobs.requeue(job.id)
            return False
        except JobCancelled:
            self._jobs.end(job.id, "cancelled")
        except KeyboardInterrupt:  # a signal ends this worker: the next one continues
            self._jobs.requeue(job.id)
            raise
        except LimnError as error:
            log.error("job %s failed: %s", job.id, error)
            self._jobs.end(job.id, "failed", error.outside)
        return True

    def _index(self, job: Job) -> None:
        """Index what a job asks for; raise JobCancelled, and the errors of `run`."""
        assert job.request is not None  # the job was queued
        run(
            self._engine,
            self._settings,
            Request.from_json(job.request),
            self._progress,
            job.id,
            on_hang=self._on_hang,
        )
        ask_after_indexing(self._engine.catalog, self._settings, job.name)

    def _read(self, job: Job) -> None:
        """Read the text in pictures; raise JobCancelled, and the errors of `read_collection`."""
        assert job.request is not None  # the job was queued
        request = TextRequest.from_json(job.request)
        read_collection(self._engine, self._settings, request, job.id, self._on_hang)

    def _download(self, job: Job) -> None:
        """Download a pair; raise JobCancelled, and the errors of `download_for_job`."""
        download_for_job(self._jobs, job.id, str(job.source))
        self._jobs.update(job.id, RunCounts(), "done")

    def _upgrade(self, job: Job) -> None:
        """Embed a collection by a second pair; raise JobCancelled, and the errors of `upgrade`."""
        assert job.request is not None  # the job was queued
        request = UpgradeRequest.from_json(job.request)
        upgrade(self._engine, self._settings, request, job.id, self._on_hang)

    def _map(self, job: Job) -> None:
        """Make a collection's map; raise JobCancelled, and the errors of `make_map`."""
        collection = self._engine.catalog.collections.one(job.name)

        def report(share: float) -> None:
            if self._jobs.update(job.id, RunCounts(), current=f"{share:.0%}"):
                raise JobCancelled

        picture_map = make_map(self._engine, collection, report)
        self._jobs.update(job.id, RunCounts(found=len(picture_map.ids)), "done")


def yield_to_others() -> None:
    """Lower the priority of this process and its children: search comes first."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    with suppress(OSError):  # Linux may schedule by sessions: lower that priority too
        Path("/proc/self/autogroup").write_text(str(NICENESS), "ascii")
