"""The download of an encoder pair for a job."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic

from indexer.indexing.cancellation import LOOK_EVERY_S, JobCancelled
from search.catalog.jobs import Jobs
from search.catalog.records import RunCounts
from search.encoders import backend_of
from search.errors import LimnError

RATE_SPAN_S = 5.0
"""The rate is that of these last seconds."""


def download_for_job(jobs: Jobs, job_id: int, name: str) -> None:
    """Download the pair of a name or specification, unless it is here, with the job's progress.

    The bytes that an earlier download received are not requested again.

    Raises:
        JobCancelled: the job was cancelled.
        BadSetting, EncoderUnavailable, StorageFailed: as `EncoderBackend.fetch` does.
    """
    with reported_progress(jobs, job_id) as progress:
        backend_of(name).fetch(name, progress.count)


class DownloadProgress:
    """The progress of a job's download: one thread counts, another writes it to the job's row."""

    def __init__(self, jobs: Jobs, job_id: int) -> None:
        self._jobs = jobs
        self._job_id = job_id
        self._received_bytes = self._total_bytes = 0
        self._samples: deque[tuple[float, int]] = deque()
        self._must_end = False

    def count(self, received_bytes: int, total_bytes: int) -> None:
        """Take the received bytes and their total; raise JobCancelled where the job must end."""
        self._received_bytes, self._total_bytes = received_bytes, total_bytes
        if self._must_end:
            raise JobCancelled

    def write(self) -> None:
        """Write the progress, once the total is known; raise the errors of the database."""
        if not self._total_bytes:
            return
        self._must_end = self._jobs.update(
            self._job_id,
            RunCounts(),
            total_bytes=self._total_bytes,
            received_bytes=self._received_bytes,
            rate=self._rate(),
        )

    def _rate(self) -> float | None:
        """Return the bytes a second; None at the beginning and at the end."""
        now_s, now_bytes = monotonic(), self._received_bytes
        self._samples.append((now_s, now_bytes))
        while now_s - self._samples[0][0] > RATE_SPAN_S:
            self._samples.popleft()
        began_s, began_bytes = self._samples[0]
        if len(self._samples) == 1 or now_bytes >= self._total_bytes:
            return None
        return max(0.0, (now_bytes - began_bytes) / (now_s - began_s))


@contextmanager
def reported_progress(jobs: Jobs, job_id: int) -> Iterator[DownloadProgress]:
    """Yield a progress that is written again and again during the block, and at its end.

    So a download that stalls shows its true bytes, and a rate that falls.
    """
    progress, over = DownloadProgress(jobs, job_id), threading.Event()

    def write() -> None:
        while not over.wait(LOOK_EVERY_S):
            with suppress(LimnError):  # the database may be unavailable for a moment
                progress.write()

    thread = threading.Thread(target=write, name="limn-download", daemon=True)
    thread.start()
    try:
        yield progress
    finally:
        over.set()
        thread.join()
        with suppress(LimnError):
            progress.write()
