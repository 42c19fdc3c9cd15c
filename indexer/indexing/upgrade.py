"""The job that embeds a collection by a second encoder pair, beside its present one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.indexing.cancellation import JobCancelled, cancellable
from indexer.indexing.download import download_for_job
from indexer.indexing.fill import FillResult, fill
from indexer.indexing.idle_encoder import IdleEncoder
from indexer.indexing.job_report import job_report
from indexer.indexing.request import read_named_request
from search.catalog.catalog import Catalog
from search.catalog.jobs import UPGRADE
from search.engine import Engine
from search.errors import Message
from search.library.upgrades import check_room, room_bytes
from search.records import Collection, Space
from search.settings import Settings


@dataclass(frozen=True, slots=True)
class UpgradeRequest:
    """A collection, and the specification of the pair that is to embed it too."""

    name: str
    encoder: str
    workers: int | None = None

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "UpgradeRequest":
        """Return a queued job's request; raise BadSetting for fields unknown to this version."""
        return read_named_request(cls, document)


def upgrade(
    engine: Engine,
    settings: Settings,
    request: UpgradeRequest,
    job_id: int,
    on_hang: Callable[[], None] = lambda: None,
) -> FillResult:
    """Embed what a collection lacks in the space of another pair, downloaded where it is not here.

    The present pair answers meanwhile. A run that ends at any moment continues after its last
    transaction. `on_hang` is called where a thread of the cancelled job does not end.

    Raises:
        NotFound: there is no such collection.
        CollectionBusy: another process does the same.
        SpaceMismatch: the pair is the collection's own, or it has another second one.
        EncoderUnavailable, BadSetting: the pair can't be opened.
        StorageFailed: the disk has too little room, or is full; committed embeddings remain.
    """
    catalog, jobs = engine.catalog, engine.catalog.jobs
    named = catalog.collections.one(request.name)
    with catalog.upgrade_lock(named):
        download_for_job(jobs, job_id, request.encoder)
        with IdleEncoder(lambda: engine.encoder(request.encoder)) as encoder:
            collection = catalog.collections.reread(named)  # renamed meanwhile
            jobs.start(collection, UPGRADE, Path(request.encoder), job_id)
            if not jobs.should_continue(job_id):  # given up while the pair was opened
                raise JobCancelled
            is_new = _begin(catalog, settings, collection, encoder.space)
            if is_new and not jobs.should_continue(job_id):  # given up at this moment
                catalog.second_spaces.forget(collection, encoder.space)
                raise JobCancelled
            with cancellable(jobs, job_id, on_hang) as stop:
                result = fill(
                    catalog,
                    collection,
                    encoder,
                    workers=request.workers or settings.workers,
                    limits=engine.limits,
                    report=job_report(jobs, job_id),
                    check=stop.check,
                )
        catalog.second_spaces.set_ready(collection)
        _write_indexes(engine, catalog.collections.reread(named))
    jobs.update(job_id, result.counts, "done", _left_out(result))
    return result


def _begin(catalog: Catalog, settings: Settings, collection: Collection, space: Space) -> bool:
    """Record the second space, if the disk has room for it; return whether it is new."""
    catalog.second_spaces.check_begin(collection, space)
    lacking = catalog.embeddings.count_lacking(collection, space)
    check_room(settings.data_dir, room_bytes(*lacking, space.width))
    return catalog.second_spaces.begin(collection, space)


def _write_indexes(engine: Engine, collection: Collection) -> None:
    """Read the new embeddings into index files, so that no search waits for them at the switch."""
    second = collection.in_second_space()
    engine.store(second)
    engine.caption_vectors(second)


def _left_out(result: FillResult) -> Message | None:
    """Return the message about pictures that could not be embedded, if any."""
    if not result.failures:
        return None
    return Message(
        "upgrade-left-out",
        "{count:,} pictures could not be embedded; the first: {detail}",
        count=len(result.failures),
        detail=result.failures[0].detail,
    )
