"""The pipeline: plan, then decode, embed and write in parallel; each write is a transaction."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from indexer.indexing.cancellation import JobCancelled, Stop, cancellable
from indexer.indexing.decode import DecodedPicture, Outcome, ReadFile, Shots, Work
from indexer.indexing.decoder_pool import Decoders
from indexer.indexing.embed import embed_beside, embed_known
from indexer.indexing.file_identity import identify
from indexer.indexing.planner import RunPlanner
from indexer.indexing.results import PlainResult, ReadyRows, SameContent
from indexer.indexing.run_state import RunState, Task, work_of
from indexer.indexing.stage_threads import Stages
from indexer.indexing.writer import WRITE_BATCH, Progress, Writer
from indexer.sources import Source, captions_hash, container_mark, says_the_same, uncovers
from search.batching import groups
from search.catalog.catalog import Catalog
from search.catalog.records import Failure, RunCounts
from search.encoders import Encoder
from search.errors import LimnError, Message
from search.pictures import Limits
from search.records import Collection

# Pictures per call of the encoder: past 32, throughput on a CPU no longer grows.
ENCODE_BATCH = 32

# A partial batch is embedded after this time, so that a slow source is searchable soon.
FLUSH_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of a run.

    `retry` reads failed files again. `request` is stored with the job, so that a worker can take it
    over; `job_id` is that of a queued one. `on_hang` is called where the job was cancelled and a
    thread does not end. `finish` is called before the job ends, and may return its message.
    """

    retry: bool = False
    job_id: int | None = None
    request: dict[str, Any] | None = None
    on_hang: Callable[[], None] = lambda: None
    finish: Callable[[Collection, Stop], Message | None] = lambda _collection, _stop: None


def index(
    catalog: Catalog,
    name: str,
    sources: Sequence[Source],
    encoder: Encoder,
    *,
    workers: int,
    limits: Limits,
    progress: Progress,
    options: RunOptions = RunOptions(),
) -> tuple[Collection, RunCounts]:
    """Update a collection to match its sources.

    New and changed files are decoded and embedded, changed captions are embedded, files that moved
    keep their pictures, pictures whose files are gone are removed, and those whose folder does not
    exist are recorded as missing. A file that can't be read is recorded with its reason, and tried
    again when it changes, or with `retry`. A run that ends at any moment and starts again continues
    after its last transaction.

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
        failures = catalog.failures.of(collection.id)
        job = jobs.start(collection, "index", sources[0].root, options.job_id, options.request)
        writer = Writer(catalog, collection, known_files, progress, jobs, job)
        try:
            with cancellable(jobs, job, options.on_hang) as stop:
                planner = RunPlanner(
                    known_files, failures, missing, retry=options.retry, check=stop.check
                )
                with planner.state as state:
                    for source in sources:
                        planner.add(source)
                    decoders = partial(Decoders, preparation=preparation, limits=limits)
                    _Run(state, writer, encoder, decoders, stop).everything(workers)
                message = options.finish(collection, stop)
        except (KeyboardInterrupt, JobCancelled) as error:
            is_interrupt = isinstance(error, KeyboardInterrupt)
            jobs.update(job, writer.counts, "interrupted" if is_interrupt else "cancelled")
            raise
        except LimnError as error:
            with suppress(LimnError):  # if the database failed, report the first error
                jobs.update(job, writer.counts, "failed", error.outside)
            raise
        finally:
            writer.close()
        jobs.update(job, writer.counts, "done", message)
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
        for some in groups(state.recaption, WRITE_BATCH):
            rows = embed_beside(self._encoder, some, {})
            self._writer.recaption(rows, at=str(some[-1][1].path))
        if state.work or state.reread:
            workers = min(workers, len(state.work) + len(state.reread))
            with (
                self._open_decoders(workers) as decoders,
                Stages(self._encoder, self._writer, self._stop) as stages,
            ):
                identities = identify(state, lambda work: decoders.run(work, self._stop.check))
                known_rows = embed_known(self._encoder, identities.same)
                rows_found = ReadyRows(known_pictures=known_rows, failures=identities.failures)
                self._writer.settle_identities(rows_found, identities.replaced_ids)
                self._queue = _Queue(state, identities.finished_paths, identities.new_paths)
                self._feed(decoders.run(self._queue, self._stop.check), stages)
        self._writer.finish(state)

    def _feed(self, outcomes: Iterator[Outcome], stages: Stages) -> None:
        """Collect the decoders' results into batches; wait while the encoder is behind."""
        pictures: list[tuple[Task, DecodedPicture]] = []
        plain_results: list[PlainResult] = []
        flushed_at = time.monotonic()
        for outcome in outcomes:
            match outcome:
                case Shots():
                    task = self._queue.take(outcome.film.path)
                    before = (
                        task.known_file is not None or task.item.path in self._state.reopened_paths
                    )
                    self._film(outcome, before)
                case DecodedPicture():
                    pictures.append((self._queue.take(outcome.file.item.path), outcome))
                case ReadFile():
                    plain_results += self._same(self._queue.take(outcome.item.path), outcome)
                case Failure():
                    self._queue.take(outcome.path)
                    plain_results.append(outcome)
            late = time.monotonic() - flushed_at > FLUSH_EVERY_S
            if late or len(pictures) >= ENCODE_BATCH or len(plain_results) >= WRITE_BATCH:
                stages.put(pictures, plain_results)
                pictures, plain_results = [], []
                flushed_at = time.monotonic()
        stages.put(pictures, plain_results)

    def _same(self, task: Task, file: ReadFile) -> list[PlainResult]:
        """Return the stored picture that has this content; without one, queue the file again."""
        if task.known_file is not None:
            known_file = task.known_file
            return [
                SameContent(
                    task, file, known_file.picture_id, known_file.captions_hash, moved=False
                )
            ]
        left = self._state.moved_from[task.item.size_bytes][file.content_hash]
        if not left:
            self._queue.add(replace(task, fresh=True))
            return []
        row = left.pop()
        return [SameContent(task, file, row.id, row.captions_hash, moved=True)]

    def _film(self, shots: Shots, before: bool) -> None:
        """Queue a film's unknown shots; shots that the film has no more are gone.

        `before` says that the film may have been read before: the look-up of its known shots goes
        through the whole collection.
        """
        film = shots.film
        known_files = self._writer.known_files.by_path([item.path for item in shots.items])
        beside = captions_hash(film.sidecar)
        unchanged_paths = {
            path
            for path, file in known_files.items()
            if file.mtime_ns == film.mtime_ns and says_the_same(file.captions_hash, beside)
        }
        for item in shots.items:
            if item.path not in unchanged_paths:
                file = known_files.get(item.path)
                fresh = file is not None and uncovers(file.captions_hash, beside)
                self._queue.add(Task(item, file, None, fresh))
        if before:
            ids = {file.picture_id for file in known_files.values()}
            former_rows = self._writer.known_files.under(film.path)
            self._state.gone_ids += [row.id for row in former_rows if row.id not in ids]
        self._writer.show_again(
            file.picture_id
            for file in known_files.values()
            if file.picture_id in self._state.missing_before
        )
        self._state.whole.append(container_mark(film))
        self._writer.found_more(len(shots.items), unchanged_count=len(unchanged_paths))


class _Queue(Iterator[Work]):
    """The files to read, and those found during the run, even after a seeming end."""

    def __init__(self, state: RunState, finished_paths: Set[Path], new_paths: Set[Path]) -> None:
        """Skip `finished_paths`; one of `new_paths` shows no known picture."""
        self._state = state
        self._tasks = (
            replace(task, known_file=None) if task.item.path in new_paths else task
            for task in chain(state.work, state.reread)
            if task.item.path not in finished_paths
        )
        self._more: deque[Task] = deque()
        self._tasks_by_path: dict[Path, Task] = {}

    def __next__(self) -> Work:
        task = self._more.popleft() if self._more else next(self._tasks)
        while task.item.path in self._tasks_by_path:  # two sources hold it
            task = next(self._tasks)
        self._tasks_by_path[task.item.path] = task
        return work_of(task, self._state)

    def add(self, task: Task) -> None:
        self._more.append(task)

    def take(self, path: Path) -> Task:
        """Remove and return the task of a file whose outcome has arrived."""
        return self._tasks_by_path.pop(path)
