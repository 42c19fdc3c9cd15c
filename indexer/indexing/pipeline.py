"""The pipeline: plan, then decode, embed and write in parallel; each write is a transaction."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from indexer.indexing.cancellation import Cancelled, Stop, cancellable
from indexer.indexing.decode import Decoded, Outcome, ReadFile, Shots, Work
from indexer.indexing.decoder_pool import Decoders
from indexer.indexing.embed import embed_beside, embed_known
from indexer.indexing.file_identity import identify
from indexer.indexing.planner import RunPlanner
from indexer.indexing.results import ReadyRows, SameContent, Settled
from indexer.indexing.run_state import RunState, Task, work_of
from indexer.indexing.stage_threads import Stages
from indexer.indexing.writer import WRITE_BATCH, Progress, Writer
from indexer.sources import Source, captions_hash, container_mark, says_the_same, uncovers
from search.catalog.catalog import Catalog
from search.catalog.records import Failure, RunCounts
from search.encoders import Encoder
from search.errors import LimnError
from search.pictures import Limits
from search.records import Collection

# Pictures per call of the encoder: past 32, throughput on a CPU no longer grows.
ENCODE_BATCH = 32

# A partial batch is embedded after this time, so that a slow source is searchable soon.
FLUSH_EVERY_S = 1.0

T = TypeVar("T")


def index(
    catalog: Catalog,
    name: str,
    sources: Sequence[Source],
    encoder: Encoder,
    *,
    workers: int,
    limits: Limits,
    progress: Progress,
    retry: bool = False,
    job_id: int | None = None,
    request: dict[str, Any] | None = None,
    stuck: Callable[[], None] = lambda: None,
) -> tuple[Collection, RunCounts]:
    """Update a collection to match its sources.

    New and changed files are decoded and embedded, changed captions are embedded, files that moved
    keep their pictures, pictures whose files are gone are removed, and those whose folder does not
    exist are recorded as missing. A file that can't be read is recorded with its reason, and tried
    again when it changes, or with `retry`. A run that ends at any moment and starts again continues
    after its last transaction. `request` is stored with the job, so that a worker can take it over;
    `job_id` is that of a queued one. `stuck` is called where the job was cancelled and a thread
    does not end.

    Raises:
        BadSource: a source can't be read at all, or there is nothing in it.
        CollectionBusy: another process indexes this collection.
        NotFound: another process removed the collection as this one began.
        SpaceMismatch: the collection was embedded by another encoder.
        StorageFailed: the disk is full; committed rows remain.
    """
    space, preparation = encoder.space, encoder.preparation
    collection = catalog.collections.open(name, space)
    jobs = catalog.jobs
    with catalog.lock(collection):
        collection = catalog.collections.take_space(collection, space)
        known_files = catalog.files(collection)
        missing = list(known_files.missing())
        recorded = catalog.failures.of(collection.id)
        job = jobs.start(collection, "index", sources[0].root, job_id, request)
        writer = Writer(catalog, collection, known_files, progress, jobs, job)
        try:
            with cancellable(jobs, job, stuck) as stop:
                planner = RunPlanner(known_files, recorded, missing, retry=retry, check=stop.check)
                with planner.state as state:
                    for source in sources:
                        planner.add(source)
                    decoders = partial(Decoders, preparation=preparation, limits=limits)
                    _Run(state, writer, encoder, decoders, stop).everything(workers)
        except (KeyboardInterrupt, Cancelled) as error:
            stopped = isinstance(error, KeyboardInterrupt)
            jobs.update(job, writer.counts, "interrupted" if stopped else "cancelled")
            raise
        except LimnError as error:
            with suppress(LimnError):  # if the database failed, report the first error
                jobs.update(job, writer.counts, "failed", error.outside)
            raise
        finally:
            writer.close()
        jobs.update(job, writer.counts, "done")
    return collection, writer.counts


class _Run:
    """One run over one collection, under its writer lock."""

    def __init__(
        self,
        state: RunState,
        writer: Writer,
        encoder: Encoder,
        open_decoders: Callable[[int], Decoders],
        stop: Stop,
    ) -> None:
        self._state = state
        self._writer = writer
        self._encoder = encoder
        self._open_decoders = open_decoders
        self._stop = stop
        self._queue = _Queue(state, set(), set())

    def everything(self, workers: int) -> None:
        """Do all work that the state lists, with at most `workers` decoders."""
        state = self._state
        self._writer.begin(state)
        for some in _groups(state.recaption, WRITE_BATCH):
            rows = embed_beside(self._encoder, some, {})
            self._writer.recaption(rows, at=str(some[-1][1].path))
        if state.work or state.reread:
            workers = min(workers, len(state.work) + len(state.reread))
            with (
                self._open_decoders(workers) as decoders,
                Stages(self._encoder, self._writer, self._stop) as stages,
            ):
                found = identify(state, lambda work: decoders.run(work, self._stop.check))
                known = embed_known(self._encoder, found.same)
                rows_found = ReadyRows(known=known, failures=found.failures)
                self._writer.settle_identities(rows_found, found.replaced)
                self._queue = _Queue(state, found.settled, found.new)
                self._feed(decoders.run(self._queue, self._stop.check), stages)
        self._writer.finish(state)

    def _feed(self, outcomes: Iterator[Outcome], stages: Stages) -> None:
        """Collect the decoders' results into batches; wait while the encoder is behind."""
        decoded: list[tuple[Task, Decoded]] = []
        settled: list[Settled] = []
        flushed_at = time.monotonic()
        for outcome in outcomes:
            match outcome:
                case Shots():
                    task = self._queue.taken(outcome.film.path)
                    before = task.known is not None or task.item.path in self._state.reopened
                    self._film(outcome, before)
                case Decoded():
                    decoded.append((self._queue.taken(outcome.file.item.path), outcome))
                case ReadFile():
                    settled += self._same(self._queue.taken(outcome.item.path), outcome)
                case Failure():
                    self._queue.taken(outcome.path)
                    settled.append(outcome)
            late = time.monotonic() - flushed_at > FLUSH_EVERY_S
            if late or len(decoded) >= ENCODE_BATCH or len(settled) >= WRITE_BATCH:
                stages.put(decoded, settled)
                decoded, settled = [], []
                flushed_at = time.monotonic()
        stages.put(decoded, settled)

    def _same(self, task: Task, file: ReadFile) -> list[Settled]:
        """Return the stored picture that has this content; without one, queue the file again."""
        if task.known is not None:
            known = task.known
            return [SameContent(task, file, known.picture_id, known.captions_hash, moved=False)]
        left = self._state.moved_from[task.item.size_bytes][file.content_hash]
        if not left:
            self._queue.add(replace(task, fresh=True))
            return []
        held = left.pop()
        return [SameContent(task, file, held.id, held.captions_hash, moved=True)]

    def _film(self, shots: Shots, before: bool) -> None:
        """Queue a film's unknown shots; shots that the film has no more are gone.

        `before` says that the film may have been read before: the look-up of its known shots goes
        through the whole collection.
        """
        film = shots.film
        known = self._writer.known_files.by_path([item.path for item in shots.items])
        beside = captions_hash(film.sidecar)
        held = {
            path
            for path, file in known.items()
            if file.mtime_ns == film.mtime_ns and says_the_same(file.captions_hash, beside)
        }
        for item in shots.items:
            if item.path not in held:
                file = known.get(item.path)
                fresh = file is not None and uncovers(file.captions_hash, beside)
                self._queue.add(Task(item, file, None, fresh))
        if before:
            ids = {file.picture_id for file in known.values()}
            held_before = self._writer.known_files.under(film.path)
            self._state.gone += [each.id for each in held_before if each.id not in ids]
        self._writer.show_again(
            file.picture_id
            for file in known.values()
            if file.picture_id in self._state.missing_before
        )
        self._state.whole.append(container_mark(film))
        self._writer.found_more(len(shots.items), unchanged=len(held))


class _Queue(Iterator[Work]):
    """The files to read, and those found during the run, even after a seeming end."""

    def __init__(self, state: RunState, settled: Set[Path], new: Set[Path]) -> None:
        """Skip the `settled` paths; a `new` path shows no known picture."""
        self._state = state
        self._tasks = (
            replace(task, known=None) if task.item.path in new else task
            for task in chain(state.work, state.reread)
            if task.item.path not in settled
        )
        self._more: deque[Task] = deque()
        self._waiting: dict[Path, Task] = {}

    def __next__(self) -> Work:
        task = self._more.popleft() if self._more else next(self._tasks)
        while task.item.path in self._waiting:  # two sources hold it
            task = next(self._tasks)
        self._waiting[task.item.path] = task
        return work_of(task, self._state)

    def add(self, task: Task) -> None:
        self._more.append(task)

    def taken(self, path: Path) -> Task:
        """Remove and return the task of a file whose outcome has arrived."""
        return self._waiting.pop(path)


def _groups(values: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while group := list(islice(rest, size)):
        yield group
