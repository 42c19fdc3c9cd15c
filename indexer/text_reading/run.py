"""The job that reads the text in a collection's pictures while others search and index."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from indexer.text_reading.outcomes import (
    LooksPlain,
    NotNow,
    NotReadable,
    Outcome,
    ReadText,
    TextTask,
)
from indexer.text_reading.reader_pool import ReaderPool
from indexer.text_reading.recogniser import check_installed, reader_version
from search.batching import groups
from search.catalog.catalog import Catalog
from search.catalog.records import RunCounts
from search.catalog.text_records import PictureToRead, ReadingState, TextRecord
from search.pictures import Limits
from search.records import Collection

# Pictures whose copies are looked up together.
LOOKUP = 200

# Readings, or time, of one transaction: the most that a kill can cost.
WRITE_BATCH = 100
WRITE_EVERY_S = 3.0

# Each process has networks of 300 MB in memory.
MAX_READERS = 4

Report = Callable[[RunCounts, str], None]
"""A function that is told the counts so far and the last picture; it may raise to end the run."""


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """The pictures of a run: with `retry` failures too, with `every` those that look plain too."""

    retry: bool = False
    every: bool = False

    @property
    def states(self) -> tuple[ReadingState, ...]:
        """Return the states that count as not read."""
        failures: tuple[ReadingState, ...] = ("failed",) if self.retry else ()
        return (*failures, "skipped") if self.every else failures


@dataclass(frozen=True, slots=True)
class ReadingResult:
    """The counts of a run: `added` have text, `unchanged` have none; and how many were skipped."""

    counts: RunCounts
    skipped_count: int


def read_text(
    catalog: Catalog,
    collection: Collection,
    *,
    readers: int,
    limits: Limits,
    options: ReadingOptions = ReadingOptions(),
    report: Report = lambda _counts, _at: None,
    check: Callable[[], None] = lambda: None,
) -> ReadingResult:
    """Read the pictures that were not read; a run that ends at any moment goes on where it ended.

    `report` is called after each transaction, `check` a few times a second; both may raise to end
    the run.

    Raises:
        BadSetting: the extra `ocr` is not installed.
        ReadersFailed: no process can be started.
        StorageFailed: the disk is full; what was committed remains.
    """
    check_installed()
    run = _Run(catalog, collection, options, report)
    report(run.counts, "")
    with ReaderPool(max(1, min(readers, MAX_READERS)), limits) as pool:
        for picture, outcome in pool.run(run.tasks(), check):
            run.take(picture, outcome)
    run.write()
    return ReadingResult(run.counts, run.skipped_count)


class _Run:
    """One run over a collection."""

    def __init__(
        self,
        catalog: Catalog,
        collection: Collection,
        options: ReadingOptions,
        report: Report,
    ) -> None:
        self._catalog = catalog
        self._rows = catalog.text
        self._collection = collection
        self._options = options
        self._report = report
        self._reader = reader_version()
        self._batch: list[TextRecord] = []
        self._written_s = time.monotonic()
        self.skipped_count = 0
        states = options.states
        self.counts = RunCounts(found=self._rows.count_lacking(collection, self._reader, states))

    def tasks(self) -> Iterator[tuple[PictureToRead, TextTask]]:
        """Yield the pictures to decode; settle those whose content was read in a copy."""
        unread_pictures = self._rows.pictures_to_read(
            self._collection, self._reader, self._options.states
        )
        for pictures in groups(unread_pictures, LOOKUP):
            copies = self._rows.copies(pictures, self._reader)
            self._settle(list(copies.values()))
            for picture in pictures:
                if picture.id not in copies:
                    is_gated = not self._options.every
                    yield picture, TextTask(picture.path, picture.content_hash, is_gated)

    def take(self, picture: PictureToRead, outcome: Outcome) -> None:
        """Record what became of a picture."""
        match outcome:
            case ReadText():
                self._settle([TextRecord(picture, "read", outcome.lines)])
            case LooksPlain():
                self._settle([TextRecord(picture, "skipped")])
            case NotReadable():
                self._settle([TextRecord(picture, "failed", detail=outcome.detail)])
            case NotNow():  # nothing is stored
                self.counts = replace(self.counts, failed=self.counts.failed + 1)

    def write(self) -> None:
        """Store what was read."""
        batch, self._batch = self._batch, []
        self._written_s = time.monotonic()
        if not batch:
            return
        self._rows.store(self._collection, self._reader, batch)
        self._report(self.counts, str(batch[-1].picture.path))

    def _settle(self, records: list[TextRecord]) -> None:
        self._batch += records
        text_count = sum(bool(record.lines) for record in records)
        failed_count = sum(record.state == "failed" for record in records)
        self.skipped_count += sum(record.state == "skipped" for record in records)
        self.counts = replace(
            self.counts,
            added=self.counts.added + text_count,
            unchanged=self.counts.unchanged + len(records) - text_count - failed_count,
            failed=self.counts.failed + failed_count,
        )
        is_late = time.monotonic() - self._written_s > WRITE_EVERY_S
        if self._batch and (is_late or len(self._batch) >= WRITE_BATCH):
            self.write()
