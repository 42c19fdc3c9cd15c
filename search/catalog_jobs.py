"""The SQL that reads jobs: what indexing runs did and how they ended."""

import os
from typing import Any

import sqlalchemy as sa

from search import tables as t
from search.database import Database
from search.errors import NotFound

# The columns that are told as they are stored.
TOLD = (
    "id",
    "kind",
    "state",
    "found",
    "added",
    "changed",
    "unchanged",
    "removed",
    "failed",
    "message",
    "started_at",
    "updated_at",
    "finished_at",
)


def jobs(database: Database, limit: int, before: int | None = None) -> list[dict[str, Any]]:
    """The newest jobs first, at most `limit`, with ids under `before` where it is given."""
    statement = _jobs().order_by(t.job.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(t.job.c.id < before)
    with database.reading() as sql:
        return [_job_json(row) for row in sql.execute(statement)]


def job(database: Database, job_id: int) -> dict[str, Any]:
    """One job; raises NotFound."""
    with database.reading() as sql:
        row = sql.execute(_jobs().where(t.job.c.id == job_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no job {job_id}; its collection may have been removed")
    return _job_json(row)


def _jobs() -> sa.Select[Any]:
    return sa.select(t.job, t.collection.c.name.label("collection")).outerjoin(t.collection)


def _job_json(row: sa.Row[Any]) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in TOLD}
    source = os.fsdecode(row.source).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return {**told, "collection": row.collection, "source": source}
