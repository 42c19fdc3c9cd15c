"""The JSON API of jobs: list, show, cancel, and follow by server-sent events.

Events use the HTML standard's `text/event-stream`; each event is the job as JSON.
"""

import json
import threading
from collections.abc import Iterator
from time import monotonic

from flask import Blueprint, Response, request
from msgspec import to_builtins

from search.catalog import jobs as catalog
from search.documents.from_jobs import job_document
from search.documents.jobs import LONGEST_STREAM_S, EventFields, Job, JobFields, Jobs
from search.documents.reading import read_texts
from search.errors import BadQuery
from search.query.limits import LARGEST_ID
from web.api.openapi import error_sources as sources
from web.links import API
from web.requests.pagination import next_of, page_of
from web.route import route
from web.state import engine, state

jobs = Blueprint("jobs", __name__, url_prefix=API)

JOB = f"/jobs/<int(max={LARGEST_ID}):job_id>"

# The interval for polling a followed job, and the longest silence of its stream: only writing shows
# that a client has disconnected.
POLL_INTERVAL_S = 0.4
KEEP_ALIVE_S = 5.0

# A stream takes a thread of the server.
MAX_STREAMS = 3

_streams = threading.BoundedSemaphore(MAX_STREAMS)


@route(
    jobs,
    "/jobs",
    answers=Jobs,
    endpoint="listed",
    fields=JobFields,
    raises=sources.PAGES,
)
def list_jobs() -> Jobs:
    """List the jobs.

    The newest job comes first. Each says what it does, how far it is, or how it ended.
    """
    k, before = page_of(request.args, "jobs")
    rows = engine().catalog.jobs.latest(k, before)
    return Jobs(tuple(map(job_document, rows)), next_of([job.id for job in rows], k))


@route(jobs, JOB, answers=Job)
def job(job_id: int) -> Job:
    """Show a job.

    The answer says how far it is, or how it ended.
    """
    return job_document(engine().catalog.jobs.one(job_id))


@route(jobs, f"{JOB}/cancel", "POST", answers=Job)
def cancel(job_id: int) -> Job:
    """Cancel a job.

    Pictures that it has read stay in the collection.
    """
    return job_document(engine().catalog.jobs.cancel(job_id))


@route(
    jobs,
    f"{JOB}/events",
    answers="text/event-stream",
    fields=EventFields,
    raises=("web.api.jobs:events",),
)
def events(job_id: int) -> Response:
    """Follow a job.

    The answer is a stream of server-sent events. Each is the job as JSON, sent when the job
    changes. The stream ends with the job, or after `seconds`.
    """
    seconds = read_texts(EventFields, dict(request.args.lists())).seconds
    if not 1 <= seconds <= LONGEST_STREAM_S:
        raise BadQuery(
            "seconds-out-of-range",
            "seconds is {seconds}; it may be 1 to {most_s}",
            seconds=seconds,
            most_s=LONGEST_STREAM_S,
        )
    first = engine().catalog.jobs.one(job_id)
    answer = Response(
        _stream(engine().catalog.jobs, first, seconds, state().shutdown),
        content_type="text/event-stream",
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _stream(
    queue: catalog.Jobs, job: catalog.Job, seconds: int, shutdown: threading.Event
) -> Iterator[str]:
    """Yield the job's events; a single event, with a delay to retry, where streams are too many."""
    if not _streams.acquire(blocking=False):
        yield f"retry: 2000\ndata: {_data(job_document(job))}\n\n"
        return
    try:
        last = None
        spoke_s = began_s = monotonic()
        while True:
            now = job_document(job)
            if now != last:
                last = now
                yield f"retry: 1000\ndata: {_data(now)}\n\n"
                spoke_s = monotonic()
            elif monotonic() - spoke_s > KEEP_ALIVE_S:
                yield ": still here\n\n"
                spoke_s = monotonic()
            over = monotonic() - began_s > seconds
            if job.state in catalog.ENDED or over or shutdown.wait(POLL_INTERVAL_S):
                return
            job = queue.one(job.id)
    finally:
        _streams.release()


def _data(job: Job) -> str:
    return json.dumps(to_builtins(job))
