"""Conversion of jobs to documents."""

from dataclasses import asdict

from search.catalog.jobs import Job as JobRecord
from search.documents.jobs import Job
from search.text.printable import printable


def job_document(job: JobRecord) -> Job:
    """Return a job, and its progress."""
    return Job(
        id=job.id,
        collection=job.name or None,
        kind=job.kind,
        source=printable(str(job.source)),
        pair=job.pair,
        state=job.state,
        cancelled=job.cancelled,
        total=job.total,
        **asdict(job.counts),
        total_bytes=job.total_bytes,
        received_bytes=job.received_bytes,
        rate=job.rate,
        left_s=job.left_s,
        current=printable(job.current) if job.current else None,
        message=None if job.message is None else str(job.message),
        started_at=job.started_at,
        updated_at=job.updated_at,
        finished_at=job.finished_at,
    )
