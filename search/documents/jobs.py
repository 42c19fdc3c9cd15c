"""Jobs as JSON, apart from the other records: reading jobs needs SQL."""

from typing import Any

from search.catalog.jobs import Job
from search.text.printable import printable


def job_json(job: Job) -> dict[str, Any]:
    """Return a job as the API shows it."""
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
