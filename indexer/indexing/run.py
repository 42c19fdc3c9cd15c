"""One request from start to end, for the command line and the worker alike."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from indexer.indexing.cancellation import Stop
from indexer.indexing.fill_spaces import fill_spaces
from indexer.indexing.pipeline import RunOptions, index
from indexer.indexing.planner import RunPlanner
from indexer.indexing.request import Request
from indexer.indexing.run_state import RunState
from indexer.indexing.writer import Progress
from indexer.sources.registry import open_sources
from indexer.sources.walk import SourceWalk
from search.catalog.records import Failure, RunCounts
from search.cli.waiting import announce_wait
from search.encoders.checks import check_encoder
from search.engine import Engine
from search.errors import LimnError, Message
from search.packages.editions import BUILTIN, EARLIER
from search.records import Collection
from search.settings import Settings


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of a run: its counts, the failures of its sources, and whether it is the first.

    `notes` say which of the collection's encoder pairs could not embed the new pictures.
    """

    collection: Collection
    counts: RunCounts
    failures: list[Failure]
    is_new: bool
    notes: tuple[Message, ...] = ()


def run(
    engine: Engine,
    settings: Settings,
    request: Request,
    progress: Progress,
    job_id: int | None = None,
    whole: Request | None = None,
    on_hang: Callable[[], None] = lambda: None,
) -> RunResult:
    """Index the sources of a request.

    `whole` is the request that contains this one, where there is one; the job is recorded under it.
    `on_hang` is called where a thread of the cancelled job does not end.

    Raises:
        BadSource: there is nothing to index, or a source can't be read.
        CollectionBusy, SpaceMismatch, StorageFailed, ...: as `indexing.pipeline.index` does.
    """
    existing = engine.catalog.collections.get(request.name)
    spec = request.encoder or (existing.space.encoder if existing else None) or settings.encoder
    if existing is not None and spec == BUILTIN and existing.space.encoder in EARLIER:
        spec = existing.space.encoder  # the command did the same before Limn was updated
    check_encoder(spec)
    sources = _open_sources(engine, request, existing)
    if existing is None:
        for source in sources:  # do not make an empty collection
            source.check_filled()
    with announce_wait(f"opening the encoder {spec}"):
        encoder = engine.encoder(spec)
    workers, notes = request.workers or settings.workers, list[Message]()

    def finish(collection: Collection, stop: Stop) -> Message | None:
        notes.extend(fill_spaces(engine, collection, workers, progress, stop))
        return notes[0] if notes else None

    try:
        collection, counts = index(
            engine.catalog,
            request.name,
            sources,
            encoder,
            workers=workers,
            limits=engine.limits,
            progress=progress,
            options=RunOptions(
                retry=request.retry,
                job_id=job_id,
                request=(whole or request).as_json(),
                on_hang=on_hang,
                finish=finish,
            ),
        )
    except LimnError:
        # a queued job's row stays, with its error
        if existing is None and job_id is None:
            forget_if_empty(engine, request.name)
        raise
    failures = engine.catalog.failures.of(collection.id)
    engine.store(collection)
    failures = _failures_of(sources, failures)
    return RunResult(collection, counts, failures, existing is None, tuple(notes))


def dry_run(engine: Engine, request: Request) -> RunState:
    """Return the work of a run without doing it; nothing is written, no picture is opened."""
    if request.encoder is not None:
        check_encoder(request.encoder)
    existing = engine.catalog.collections.get(request.name)
    sources = _open_sources(engine, request, existing)
    if existing is None:
        planner = RunPlanner(None)
    else:
        known_files = engine.catalog.files(existing)
        planner = RunPlanner(
            known_files,
            engine.catalog.failures.of(existing.id),
            known_files.missing(),
            retry=request.retry,
        )
    try:
        for source in sources:
            planner.add(source)
    except BaseException:
        planner.state.close()
        raise
    return planner.state


def _open_sources(
    engine: Engine, request: Request, existing: Collection | None
) -> list[SourceWalk]:
    indexed_from = engine.catalog.jobs.sources(request.name) if existing else []
    return open_sources(request.sources, request.source_options(), indexed_from)


def _failures_of(sources: Sequence[SourceWalk], failures: list[Failure]) -> list[Failure]:
    """Return the failures below the sources; a list's pictures may lie anywhere."""
    if any(source.table for source in sources):
        return failures
    roots = {source.root for source in sources}
    return [
        failure
        for failure in failures
        if not roots.isdisjoint((failure.path, *failure.path.parents))
    ]


def forget_if_empty(engine: Engine, name: str) -> bool:
    """Remove a collection without pictures after a failed run; return whether it was removed."""
    with suppress(LimnError):  # report the run's own error instead
        [summary] = engine.summaries([name])
        if not summary.pictures and not summary.missing:
            engine.remove(name)
            return True
    return False


def missing_folders(engine: Engine, name: str) -> list[Path]:
    """Return the folders whose pictures are missing; none where there is no such collection."""
    collection = engine.catalog.collections.get(name)
    return list(engine.catalog.files(collection).missing_folders()) if collection else []
