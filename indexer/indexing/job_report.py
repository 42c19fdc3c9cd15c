"""Progress of a job that embeds or reads what a collection lacks, written to the job's row."""

from collections.abc import Callable
from time import monotonic
from typing import Any

from indexer.indexing.cancellation import JobCancelled
from search.catalog.jobs import Jobs, done
from search.catalog.records import RunCounts


def job_report(jobs: Jobs, job_id: int) -> Callable[[RunCounts, str], None]:
    """Return the function that writes a job's progress, and ends it once it is cancelled.

    The function takes the counts so far and the last picture, and raises JobCancelled.
    """
    began_s = monotonic()

    def report(counts: RunCounts, at: str) -> None:
        count = done(counts)
        rate = round(count / max(monotonic() - began_s, 1e-6), 2)
        more: dict[str, Any] = {"current": at} if at else {}
        if jobs.update(job_id, counts, total=max(counts.found, count), rate=rate, **more):
            raise JobCancelled

    return report
