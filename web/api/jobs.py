"""Jobs over HTTP: listed, one by one, cancelled, and followed as they come on (server-sent events).

Events are of the HTML standard's `text/event-stream`; each is the job as JSON.
"""

import json
import threading
from collections.abc import Iterator
from time import monotonic
from typing import Any

from flask import Blueprint, Response, request

from search.catalog.jobs import ENDED, Job
from search.catalog.jobs import Jobs as JobRows
from search.documents.from_records import printable
from search.errors import BadQuery
from web.api.openapi import describe
from web.api.schemas import collection as schemas
from web.links import API
from web.requests.pagination import next_of, page_of
from web.requests.query_form import LARGEST_ID, count, refuse_unknown
from web.state import engine, state

jobs = Blueprint("jobs", __name__, url_prefix=API)

JOB = f"/jobs/<int(max={LARGEST_ID}):job_id>"

# A followed job is looked at this often, and something is sent at least so often, as only writing
# shows that a client has gone.
LOOK_EVERY_S = 0.4
SPEAK_EVERY_S = 5.0

# A stream takes a thread of the server: it ends after a while, and browsers come back by
# themselves.
LONGEST_S = 60
MOST_STREAMS = 3

_streams = threading.BoundedSemaphore(MOST_STREAMS)


@jobs.get("/jobs")
@describe(schemas.Jobs, fields=schemas.JobFields)
def listed() -> dict[str, Any]:
    """The runs of the indexer, the newest first."""
    k, before = page_of(request.args, "jobs")
    found = rows().latest(k, before)
    following = next_of([each.id for each in found], k)
    return {"jobs": [job_json(each) for each in found], "next": following}


@jobs.get(JOB)
@describe(schemas.Job)
def job(job_id: int) -> dict[str, Any]:
    """One run of the indexer: how far it is, or how it ended."""
    return job_json(rows().one(job_id))


@jobs.post(f"{JOB}/cancel")
@describe(schemas.Job)
def cancel(job_id: int) -> dict[str, Any]:
    """End a job; what was read is kept."""
    return job_json(rows().cancel(job_id))


@jobs.get(f"{JOB}/events")
@describe("text/event-stream", fields=schemas.EventFields)
def events(job_id: int) -> Response:
    """A job as it comes on: an event for each change, until it has ended or `seconds` are over."""
    refuse_unknown(request.args, ("seconds",))
    seconds = count(request.args.get("seconds") or LONGEST_S, "seconds")
    if not 1 <= seconds <= LONGEST_S:
        raise BadQuery(f"seconds is {seconds}; it may be 1 to {LONGEST_S}")
    first = rows().one(job_id)
    answer = Response(
        _stream(rows(), first, seconds, state().ending), content_type="text/event-stream"
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def rows() -> JobRows:
    """The jobs of the running application."""
    return engine().catalog.jobs


def job_json(job: Job) -> dict[str, Any]:
    """A job as the API tells it."""
    counts = job.counts
    return {
        "id": job.id,
        "collection": job.name or None,
        "kind": job.kind,
        "source": printable(str(job.source)),
        "state": job.state,
        "cancelled": job.cancelled,
        "total": job.total,
        "found": counts.found,
        "added": counts.added,
        "changed": counts.changed,
        "moved": counts.moved,
        "unchanged": counts.unchanged,
        "removed": counts.removed,
        "missing": counts.missing,
        "failed": counts.failed,
        "rate": job.rate,
        "left_s": job.left_s,
        "current": printable(job.current) if job.current else None,
        "message": job.message,
        "started_at": job.started_at,
        "updated_at": job.updated_at,
        "finished_at": job.finished_at,
    }


def _stream(found: JobRows, job: Job, seconds: int, ending: threading.Event) -> Iterator[str]:
    """The events; where too many are followed already, one, after which the client asks again."""
    if not _streams.acquire(blocking=False):
        yield f"retry: 2000\ndata: {json.dumps(job_json(job))}\n\n"
        return
    try:
        told = None
        spoke_s = began_s = monotonic()
        while True:
            now = job_json(job)
            if now != told:
                told = now
                yield f"retry: 1000\ndata: {json.dumps(now)}\n\n"
                spoke_s = monotonic()
            elif monotonic() - spoke_s > SPEAK_EVERY_S:
                yield ": still here\n\n"
                spoke_s = monotonic()
            over = monotonic() - began_s > seconds
            if job.state in ENDED or over or ending.wait(LOOK_EVERY_S):
                return
            job = found.one(job.id)
    finally:
        _streams.release()
