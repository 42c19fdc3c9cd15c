"""Jobs in SQL: the request, the progress and the end of each."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import now
from search.catalog.records import RunCounts
from search.catalog.stored_messages import message_columns, stored_message
from search.errors import NotFound
from search.records import Collection
from search.text.characters import compose, forms, storable

State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]

UPGRADE = "upgrade"
"""The kind of the job that embeds a collection by a second encoder pair."""

READING = "read"
"""The kind of the job that reads the text in a collection's pictures."""

BESIDE_OTHERS = (UPGRADE, READING)
"""The kinds of jobs that run beside one that writes, and beside each other."""

UNFINISHED: tuple[State, ...] = ("queued", "running")
ENDED: tuple[State, ...] = ("done", "failed", "cancelled", "interrupted")


@dataclass(frozen=True, slots=True)
class Job:
    """One job as of now; `left_s` is the time left at its `rate`.

    `rate` is pictures a second, or bytes a second while it downloads. `name` is empty for a job
    that belongs to no collection.
    """

    id: int
    name: str
    kind: str
    source: Path
    request: dict[str, Any] | None
    state: State
    cancelled: bool
    total: int | None
    counts: RunCounts
    total_bytes: int | None
    received_bytes: int | None
    rate: float | None
    current: str | None
    message: str | None
    started_at: str
    updated_at: str
    finished_at: str | None

    @property
    def writes(self) -> bool:
        """Return whether the job needs its collection for itself."""
        return self.kind not in BESIDE_OTHERS

    @property
    def lane(self) -> tuple[str, str]:
        """Return what two jobs that run one after the other share."""
        return self.name, "" if self.writes else self.kind

    @property
    def left_s(self) -> float | None:
        """Return the time left in seconds; None where it is unknown."""
        if self.state != "running" or not self.rate:
            return None
        if self.total is not None:
            return max(0.0, (self.total - done(self.counts)) / self.rate)
        if self.total_bytes is not None:
            return max(0.0, (self.total_bytes - (self.received_bytes or 0)) / self.rate)
        return None

    @property
    def pair(self) -> str | None:
        """Return the encoder pair that the job downloads; None for other jobs."""
        return self.request.get("pair") if self.request is not None else None


def done(counts: RunCounts) -> int:
    """Return how many of the files found are finished."""
    return counts.added + counts.changed + counts.moved + counts.unchanged + counts.failed


class Jobs:
    """The jobs of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, name: str, kind: str, request: dict[str, Any]) -> int:
        """Queue a job for a worker; the collection need not exist yet."""
        with self._database.write_transaction() as sql:
            collection_ids = sa.select(t.collection.c.id).where(
                t.collection.c.name.in_(forms(name))
            )
            return insert_job(
                sql,
                name=compose(name),
                collection_id=sql.scalar(collection_ids),
                kind=kind,
                source=os.fsencode(request["sources"][0]),
                request=json.dumps(request),
                state="queued",
            )

    def start(
        self,
        collection: Collection,
        kind: str,
        source: Path,
        job_id: int | None = None,
        request: dict[str, Any] | None = None,
    ) -> int:
        """Open a job, or take up a queued one.

        The caller has the lock of this kind of job, so one of this collection that still runs has
        lost its process.
        """
        j = t.job.c
        with self._database.write_transaction() as sql:
            left = (j.collection_id == collection.id) & (j.kind == kind) & (j.state == "running")
            sql.execute(
                t.job.update()
                .where(left, j.id != job_id)
                .values(state="interrupted", finished_at=now())
            )
            if job_id is None:
                return insert_job(
                    sql,
                    name=collection.name,
                    collection_id=collection.id,
                    kind=kind,
                    source=os.fsencode(source),
                    request=json.dumps(request) if request else None,
                    state="running",
                )
            values = {"collection_id": collection.id, "state": "running", "updated_at": now()}
            # Left unchanged where it was cancelled since.
            sql.execute(_update(job_id, *UNFINISHED).values(values))
            return job_id

    def update(
        self,
        job_id: int,
        counts: RunCounts,
        state: State = "running",
        message: str | None = None,
        **more: Any,
    ) -> bool:
        """Record a job's progress or end; return whether the job has to stop.

        A job that has ended stays unchanged. `more` may be `total`, `rate`, `current`,
        `total_bytes` and `received_bytes`.
        """
        values = {**asdict(counts), **more, "state": state, "updated_at": now()}
        if state != "running":
            values |= {**message_columns("message", message), "finished_at": now()}
        if values.get("current"):  # the name of a file, which may be any bytes
            values["current"] = storable(values["current"])
        j = t.job.c
        with self._database.write_transaction() as sql:
            result = sql.execute(_update(job_id, *UNFINISHED).values(**values))
            is_cancelled = sql.scalar(sa.select(j.cancelled).where(j.id == job_id))
            return bool(is_cancelled) or not result.rowcount

    def take(self, job_id: int) -> bool:
        """Begin a queued job; return whether it was still queued."""
        with self._database.write_transaction() as sql:
            values = {"state": "running", "updated_at": now()}
            return bool(sql.execute(_update(job_id, "queued").values(values)).rowcount)

    def should_continue(self, job_id: int) -> bool:
        """Return whether to continue a job: nobody cancelled it, and it has not ended."""
        j = t.job.c
        with self._database.read_transaction() as sql:
            state = sql.execute(sa.select(j.state, j.cancelled).where(j.id == job_id)).one_or_none()
        return state is not None and not state.cancelled and state.state not in ENDED

    def end(self, job_id: int, state: State, message: str | None = None) -> None:
        """End a job whose process has failed; one that has ended stays unchanged."""
        values = {
            **message_columns("message", message),
            "state": state,
            "updated_at": now(),
            "finished_at": now(),
        }
        with self._database.write_transaction() as sql:
            sql.execute(_update(job_id, *UNFINISHED).values(values))

    def requeue(self, job_id: int) -> None:
        """Put back a job that its worker had to leave; one that has ended stays unchanged."""
        left: tuple[State, ...] = ("running", "interrupted")
        with self._database.write_transaction() as sql:
            values = {"state": "queued", "finished_at": None, "updated_at": now()}
            sql.execute(_update(job_id, *left).values(values))

    def requests(self, name: str) -> list[dict[str, Any]]:
        """Return the requests that a collection was indexed by, each once, the newest last."""
        j = t.job.c
        statement = (
            sa.select(j.request, j.source)
            .join(t.collection)
            .where(t.collection.c.name.in_(forms(name)), j.kind == "index")
            .order_by(j.id)
        )
        with self._database.read_transaction() as sql:
            rows = sql.execute(statement).all()
        by_hand = {"name": name, "confined_to": []}
        texts = [
            row.request or json.dumps({**by_hand, "sources": [os.fsdecode(row.source)]})
            for row in rows
        ]
        return [json.loads(text) for text in dict.fromkeys(texts)]

    def sources(self, name: str) -> list[Path]:
        """Return the paths that a collection was indexed from; none for an unknown name."""
        statement = (
            sa.select(t.job.c.source)
            .distinct()
            .join(t.collection)
            .where(t.collection.c.name.in_(forms(name)), t.job.c.kind == "index")
        )
        with self._database.read_transaction() as sql:
            return [Path(os.fsdecode(source)) for source in sql.scalars(statement)]

    def cancel(self, job_id: int) -> Job:
        """Request the end of a job: a queued one ends now, a running one within two seconds.

        Raises:
            NotFound: there is no such job.
        """
        with self._database.write_transaction() as sql:
            sql.execute(_update(job_id, *UNFINISHED).values(cancelled=True, updated_at=now()))
            values = {"state": "cancelled", "finished_at": now()}
            sql.execute(_update(job_id, "queued").values(values))
        return self.one(job_id)

    def one(self, job_id: int) -> Job:
        """Return one job; raise NotFound."""
        jobs = self._read(sa.select(t.job).where(t.job.c.id == job_id))
        if not jobs:
            raise NotFound("unknown-job", "there is no job {id}; limn jobs lists them", id=job_id)
        return jobs[0]

    def latest(self, limit: int = 20, before: int | None = None) -> list[Job]:
        """Return the newest jobs, newest first; with ids under `before` where it is given."""
        statement = sa.select(t.job).order_by(t.job.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(t.job.c.id < before)
        return self._read(statement)

    def of(self, name: str, limit: int = 10, kind: str | None = None) -> list[Job]:
        """Return the newest jobs of a collection's name, existing or not, and of a kind."""
        j = t.job.c
        collection_ids = sa.select(t.collection.c.id).where(t.collection.c.name.in_(forms(name)))
        of_kind = sa.true() if kind is None else j.kind == kind
        mine = of_kind & sa.or_(j.name.in_(forms(name)), j.collection_id.in_(collection_ids))
        return self._read(sa.select(t.job).where(mine).order_by(j.id.desc()).limit(limit))

    def newest(self, upgrades: bool = False) -> dict[str, Job]:
        """Return the newest job of each name, of upgrades or of other jobs, by name."""
        j = t.job.c
        of_kind = j.kind == UPGRADE if upgrades else j.kind.not_in(BESIDE_OTHERS)
        last = sa.select(sa.func.max(j.id)).where(j.name.is_not(None), of_kind).group_by(j.name)
        newest = self._read(sa.select(t.job).where(j.id.in_(last)).order_by(j.name))
        return {job.name: job for job in newest}

    def forget(self, name: str) -> None:
        """Drop the jobs of a name that never became a collection."""
        j = t.job.c
        with self._database.write_transaction() as sql:
            sql.execute(t.job.delete().where(j.name.in_(forms(name)), j.collection_id.is_(None)))

    def queue(self) -> Sequence[Job]:
        """Return the jobs that a worker may run, oldest first: queued, or left by a dead worker."""
        statement = sa.select(t.job).where(
            t.job.c.state.in_(("queued", "running")), t.job.c.request.is_not(None)
        )
        return self._read(statement.order_by(t.job.c.id))

    def _read(self, statement: sa.Select[Any]) -> list[Job]:
        with self._database.read_transaction() as sql:
            return [job_of(row) for row in sql.execute(statement)]


def _update(job_id: int, *states: State) -> sa.Update:
    """Return the beginning of an update of a job that is in one of the states."""
    return t.job.update().where(t.job.c.id == job_id, t.job.c.state.in_(states))


def insert_job(sql: sa.Connection, **values: Any) -> int:
    """Add a job of these columns; return its id."""
    statement = t.job.insert().values(started_at=now(), updated_at=now(), **values)
    key = sql.execute(statement).inserted_primary_key
    assert key is not None  # one row with a generated key
    return int(key[0])


def job_of(row: sa.Row[Any]) -> Job:
    """Return the job of a row."""
    return Job(
        id=row.id,
        name=row.name or "",
        kind=row.kind,
        source=Path(os.fsdecode(row.source)),
        request=json.loads(row.request) if row.request else None,
        state=row.state,
        cancelled=row.cancelled,
        total=row.total,
        counts=RunCounts(**{count.name: getattr(row, count.name) for count in fields(RunCounts)}),
        total_bytes=row.total_bytes,
        received_bytes=row.received_bytes,
        rate=row.rate,
        current=row.current,
        message=stored_message(row, "message"),
        started_at=row.started_at,
        updated_at=row.updated_at,
        finished_at=row.finished_at,
    )
