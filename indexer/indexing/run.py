"""Running one request from start to end, for the command line and the worker alike."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from indexer.indexing.pipeline import index
from indexer.indexing.planner import Plan, Planner, empty
from indexer.indexing.request import Request
from indexer.indexing.writer import Progress
from indexer.sources import Item, Source
from search.catalog.records import Collection, Counts, Failure
from search.cli.waiting import saying
from search.encoders.checks import check_encoder
from search.engine import Engine
from search.errors import LimnError, NotFound
from search.settings import Settings


def run(
    engine: Engine,
    settings: Settings,
    request: Request,
    progress: Progress,
    job_id: int | None = None,
    whole: Request | None = None,
    stuck: Callable[[], None] = lambda: None,
) -> tuple[Collection, Counts, list[Failure]]:
    """Index what was asked for; returns the failures of its sources too.

    `whole` is the request that this one is a part of, where it is one: what its job is known by.
    `stuck` is called where the job was cancelled and a thread does not end.

    Raises:
        BadSource: there is nothing to index, or a source can't be read.
        CollectionBusy, SpaceMismatch, StorageFailed, ...: as `indexer.pipeline.index` does.
    """
    spec = wanted_encoder(engine, settings, request)
    check_encoder(spec)
    sources = request.open(engine.catalog)
    held = is_held(engine, request.name)
    if not held:
        for source in sources:  # a collection of nothing is not to be made
            check_filled(source)
    with saying(f"opening the encoder {spec}"):
        encoder = engine.encoder(spec)
    try:
        collection, counts = index(
            engine.catalog,
            request.name,
            sources,
            encoder,
            workers=request.workers or settings.workers,
            limits=engine.limits,
            progress=progress,
            retry=request.retry,
            job_id=job_id,
            request=(whole or request).as_json(),
            stuck=stuck,
        )
    except LimnError:
        if not held and job_id is None:  # a queued job keeps its row, and with it what went wrong
            forget_if_empty(engine, request.name)
        raise
    engine.store(collection)
    failures = engine.catalog.failures.of(collection.id)
    roots = {source.root for source in sources if source.table is None}
    listed = any(source.table for source in sources)
    ours = [
        each for each in failures if listed or not roots.isdisjoint((each.path, *each.path.parents))
    ]
    return collection, counts, ours


def dry_run(engine: Engine, request: Request) -> Plan:
    """What a run would do; nothing is written, and no picture is opened."""
    if request.encoder is not None:
        check_encoder(request.encoder)
    sources = request.open(engine.catalog)
    if not is_held(engine, request.name):
        planner = Planner(None)
    else:
        collection = engine.catalog.collections.one(request.name)
        ledger = engine.catalog.files(collection)
        planner = Planner(ledger, engine.catalog.failures.of(collection.id), retry=request.retry)
    try:
        for source in sources:
            planner.add(source)
    except BaseException:
        planner.plan.close()
        raise
    return planner.plan


def check_filled(source: Source) -> None:
    """Raise BadSource where a source holds nothing, before anything is made for it."""
    for found in source.find(lambda _: False):
        if isinstance(found, Item) or (isinstance(found, Failure) and found.path != source.root):
            return
        if isinstance(found, Failure):
            raise empty(source, found.detail)
    raise empty(source)


def forget_if_empty(engine: Engine, name: str) -> bool:
    """Forget a collection that a failed run has left without a picture; tells whether it did."""
    with suppress(LimnError):  # the run's own error is the one to tell
        [summary] = engine.summaries([name])
        if not summary.pictures and not summary.missing:
            engine.remove(name)
            return True
    return False


def is_held(engine: Engine, name: str) -> bool:
    """Whether there is a collection of that name."""
    return _named(engine, name) is not None


def missing_folders(engine: Engine, name: str) -> list[Path]:
    """The folders whose pictures are missing; none where there is no such collection."""
    held = [each for each in engine.catalog.collections.all() if each.name == name]
    return [folder for each in held for folder in engine.catalog.files(each).missing_folders()]


def wanted_encoder(engine: Engine, settings: Settings, request: Request) -> str:
    """The encoder that was asked for; otherwise the collection's own; otherwise the default."""
    held = _named(engine, request.name)
    return request.encoder or (held.space.encoder if held else None) or settings.encoder


def _named(engine: Engine, name: str) -> Collection | None:
    with suppress(NotFound):
        return engine.catalog.collections.one(name)
    return None
