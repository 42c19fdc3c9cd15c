"""Jobs that download encoder pairs; they have no name, as they belong to no collection."""

import json
import os

import sqlalchemy as sa

from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.jobs import UNFINISHED, Job, insert_job, job_of

DOWNLOAD = "download"
"""The kind of these jobs."""


class Downloads:
    """The downloads of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, pair: str, encoder: str) -> Job:
        """Queue the download of a pair, or return the job that downloads it already.

        `pair` is the name to show, `encoder` the specification.
        """
        j, source = t.job.c, os.fsencode(encoder)
        under_way = sa.select(j.id).where(
            j.kind == DOWNLOAD,
            j.source == source,
            j.state.in_(UNFINISHED),
            j.cancelled.is_(False),
        )
        with self._database.write_transaction() as sql:
            job_id = sql.scalar(under_way) or insert_job(
                sql,
                kind=DOWNLOAD,
                source=source,
                request=json.dumps({"pair": pair}),
                state="queued",
            )
            return job_of(sql.execute(sa.select(t.job).where(j.id == job_id)).one())

    def newest(self) -> dict[str, Job]:
        """Return the newest download of each pair, by its specification."""
        j = t.job.c
        last = sa.select(sa.func.max(j.id)).where(j.kind == DOWNLOAD).group_by(j.source)
        with self._database.read_transaction() as sql:
            rows = sql.execute(sa.select(t.job).where(j.id.in_(last)))
            return {str(job.source): job for job in map(job_of, rows)}
