"""The documents of jobs."""

from typing import Annotated

from msgspec import Struct

from search.documents.members import MISSING, Cursor, Hits, about
from search.query.limits import DEFAULT_K, MAX_ROWS

# A stream takes a thread of the server: it ends after a while, and browsers connect again by
# themselves.
LONGEST_STREAM_S = 60


class Job(Struct, frozen=True, kw_only=True):
    """Work of the indexer: queued, running, done, failed, cancelled or interrupted."""

    id: int
    collection: str | None
    kind: Annotated[str, about("index, map, read, download or upgrade")]
    source: str
    pair: Annotated[str | None, about("the encoder pair that it downloads")]
    state: Annotated[str, about("queued, running, done, failed, cancelled or interrupted")]
    cancelled: Annotated[bool, about("its end was asked for")]
    total: Annotated[int | None, about("files to deal with, once they are counted")]
    found: int
    added: int
    changed: int
    moved: int
    unchanged: int
    removed: int
    missing: Annotated[int, about(MISSING)]
    failed: int
    total_bytes: Annotated[int | None, about("of a download")]
    received_bytes: Annotated[int | None, about("of a download")]
    rate: Annotated[float | None, about("pictures a second; bytes a second of a download")]
    left_s: float | None
    current: Annotated[str | None, about("the file that was done last")]
    message: str | None
    started_at: str
    updated_at: str
    finished_at: str | None

    @property
    def ended(self) -> bool:
        """Return whether the job has ended, with success or not."""
        return self.state not in ("queued", "running")


class Jobs(Struct, frozen=True):
    """A page of jobs."""

    jobs: tuple[Job, ...]
    next: Annotated[str | None, about("send it as `cursor` for older jobs")]


class JobFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for a page of jobs."""

    k: Annotated[Hits, about("how many jobs", maximum=MAX_ROWS)] = DEFAULT_K
    cursor: Cursor = ""


class JobList(Struct, frozen=True):
    """Jobs that were queued together."""

    jobs: tuple[Job, ...]


class EventFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for the events of a job."""

    seconds: Annotated[
        Hits, about("when the stream ends, if the job has not", maximum=LONGEST_STREAM_S)
    ] = LONGEST_STREAM_S


class NotTaken(Struct, frozen=True):
    """A sent file that was refused."""

    name: str
    reason: Annotated[
        str,
        about(
            "kind: none that is indexed; name: nothing of it can be kept; same: it is there already"
        ),
    ]


class QueuedJob(Job, frozen=True, kw_only=True):
    """A job, and the sent files that were refused."""

    refused: tuple[NotTaken, ...]
