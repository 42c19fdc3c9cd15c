"""The job that reads the text in a collection's pictures, queued after an indexing run."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from indexer.indexing.cancellation import cancellable
from indexer.indexing.job_report import job_report
from indexer.indexing.request import read_named_request
from indexer.text_reading.recogniser import check_installed, is_installed, reader_version
from indexer.text_reading.run import ReadingOptions, ReadingResult, read_text
from search.catalog.catalog import Catalog
from search.catalog.jobs import READING, UNFINISHED, done
from search.engine import Engine
from search.errors import Message
from search.settings import Settings


@dataclass(frozen=True, slots=True)
class TextRequest:
    """A collection whose pictures are read: those that failed too, those that look plain too."""

    name: str
    retry: bool = False
    every: bool = False

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "TextRequest":
        """Return a queued job's request; raise BadSetting for fields unknown to this version."""
        return read_named_request(cls, document)


def ask_to_read(catalog: Catalog, request: TextRequest) -> int:
    """Queue the job; return its id, or that of one with the same request that is not finished."""
    document = {"sources": [request.name], **asdict(request)}
    for job in catalog.jobs.of(request.name, 1, READING):
        if job.state in UNFINISHED and not job.cancelled and job.request == document:
            return job.id
    return catalog.jobs.ask(request.name, READING, document)


def ask_after_indexing(catalog: Catalog, settings: Settings, name: str) -> tuple[int, int] | None:
    """Queue the job where something is to be read, and return its id and the number of pictures.

    None where the extra `ocr` is not installed, the setting forbids it, or all is read.
    """
    if not settings.reads_text or not is_installed():
        return None
    collection = catalog.collections.one(name)
    count = catalog.text.count_lacking(collection, reader_version())
    return (ask_to_read(catalog, TextRequest(collection.name)), count) if count else None


def read_collection(
    engine: Engine,
    settings: Settings,
    request: TextRequest,
    job_id: int,
    on_hang: Callable[[], None] = lambda: None,
) -> ReadingResult:
    """Read the text in a collection's pictures; a run that ends at any moment is continued.

    Raises:
        NotFound: there is no such collection.
        CollectionBusy: another process does the same.
        BadSetting: the extra `ocr` is not installed.
        ReadersFailed: no process that reads can be started.
        StorageFailed: the disk is full; what was committed remains.
    """
    check_installed()
    catalog, jobs = engine.catalog, engine.catalog.jobs
    collection = catalog.collections.one(request.name)
    with catalog.reading_lock(collection):
        jobs.start(collection, READING, Path(request.name), job_id)
        with cancellable(jobs, job_id, on_hang) as stop:
            result = read_text(
                catalog,
                collection,
                readers=max(1, settings.workers // 2),
                limits=engine.limits,
                options=ReadingOptions(request.retry, request.every),
                report=job_report(jobs, job_id),
                check=stop.check,
            )
    jobs.update(job_id, result.counts, "done", _summary(result))
    return result


def _summary(result: ReadingResult) -> Message:
    counts = result.counts
    return Message(
        "text-read",
        "{count:,} pictures looked at: {texts:,} hold text, {skipped:,} look like none, "
        "{failures:,} could not be read",
        count=done(counts),
        texts=counts.added,
        skipped=result.skipped_count,
        failures=counts.failed,
    )
