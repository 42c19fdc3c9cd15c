"""The pipeline: plan, decode, embed, write; each write is a transaction that stands on its own."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from indexer.decoding import Decoded, Decoders, Outcome, ReadFile
from indexer.plan import Plan, captions_hash, make_plan
from indexer.sources import Item, Scan
from search.catalog import Catalog
from search.encoders import Encoder
from search.errors import LimnError
from search.pictures import Limits
from search.records import (
    Caption,
    Collection,
    Counts,
    EmbeddedCaptions,
    EmbeddedPicture,
    Failure,
    FileState,
)
from search.writerlock import writer_lock

# Pictures a call of the encoder: past 32, throughput on a CPU no longer grows.
ENCODE_BATCH = 32

# A transaction holds this many pictures, or as many as came in this time: what a kill can cost.
WRITE_BATCH = 256
WRITE_EVERY_S = 2.0

T = TypeVar("T")


class Progress(Protocol):
    """Who watches a run."""

    def planned(self, plan: Plan) -> None:
        """The run begins."""

    def advanced(self, counts: Counts, at: str) -> None:
        """Some files are done; `at` is the last."""


def index(
    catalog: Catalog,
    name: str,
    scan: Scan,
    encoder: Encoder,
    *,
    workers: int,
    limits: Limits,
    progress: Progress,
) -> tuple[Collection, Counts]:
    """Bring a collection level with what a scan found.

    New and changed files are decoded and embedded, captions that changed are embedded, pictures
    whose files are gone are forgotten. A file that can't be read is recorded with its reason.
    Ended at any moment and run again, it goes on where the last transaction left it.

    Raises:
        CollectionBusy: another process indexes this collection.
        NotFound: another process removed the collection as this one began.
        SpaceMismatch: the collection was embedded by another encoder.
        StorageFailed: the disk is full; what was committed is kept.
    """
    collection = catalog.open_collection(name, encoder.space)
    with writer_lock(catalog.database, collection):
        collection = catalog.take_space(collection, encoder.space)
        job = catalog.start_job(collection, "index", scan.root)
        run = _Run(catalog, collection, scan, encoder, progress, job)
        try:
            run.everything(workers, limits)
        except KeyboardInterrupt:
            catalog.update_job(job, run.counts, "interrupted")
            raise
        except LimnError as error:
            _note_end(catalog, job, run.counts, error)
            raise
        catalog.update_job(job, run.counts, "done")
    return collection, run.counts


def _note_end(catalog: Catalog, job: int, counts: Counts, error: LimnError) -> None:
    with suppress(LimnError):  # where the database is what failed, the first error tells of it
        catalog.update_job(job, counts, "failed", str(error))


class _Run:
    """One run over one collection, under its writer lock."""

    def __init__(
        self,
        catalog: Catalog,
        collection: Collection,
        scan: Scan,
        encoder: Encoder,
        progress: Progress,
        job: int,
    ) -> None:
        self.counts = Counts(found=len(scan.items) + len(scan.failures))
        self._failed: set[Path] = set()
        self._catalog = catalog
        self._collection = collection
        self._scan = scan
        self._encoder = encoder
        self._progress = progress
        self._job = job
        self._known = catalog.known_files(collection.id, scan.root)

    def everything(self, workers: int, limits: Limits) -> None:
        plan = make_plan(self._scan, self._known)
        self._count(unchanged=plan.unchanged)
        self._progress.planned(plan)
        self._fail(self._scan.failures)
        for some in _groups(plan.recaption, WRITE_BATCH):
            self._recaption(some)
            self._done(str(some[-1][1].path), changed=len(some))
        if plan.work:
            preparation = self._encoder.preparation
            with Decoders(min(workers, len(plan.work)), preparation, limits) as decoders:
                self._consume(decoders.run(plan.work))
        if plan.gone:
            self._catalog.remove_pictures(self._collection, plan.gone)
            self._done("", removed=len(plan.gone))
        self._settle_failures()

    def _consume(self, outcomes: Iterator[Outcome]) -> None:
        """Embed what the decoders yield, and write it, a transaction at a time."""
        decoded: list[Decoded] = []
        embedded: list[EmbeddedPicture] = []
        same: list[ReadFile] = []
        failed: list[Failure] = []
        written_at = time.monotonic()
        for outcome in outcomes:
            match outcome:
                case Failure():
                    failed.append(outcome)
                case ReadFile():
                    same.append(outcome)
                case Decoded():
                    decoded.append(outcome)
            late = time.monotonic() - written_at > WRITE_EVERY_S
            if late or len(decoded) >= ENCODE_BATCH:
                embedded += self._embed(decoded)
                decoded.clear()
            if late or len(embedded) + len(same) + len(failed) >= WRITE_BATCH:
                self._write(embedded, same, failed)
                for written in (embedded, same, failed):
                    written.clear()
                written_at = time.monotonic()
        self._write(embedded + self._embed(decoded), same, failed)

    def _embed(self, batch: Sequence[Decoded]) -> list[EmbeddedPicture]:
        if not batch:
            return []
        vectors = self._encoder.encode_pixels(np.stack([each.pixels for each in batch]))
        captions = self._embed_captions([_merged(each) for each in batch])
        return [
            EmbeddedPicture(_file_state(each.file), each.facts, vector, embedded)
            for each, vector, embedded in zip(batch, vectors, captions, strict=True)
        ]

    def _embed_captions(self, groups: Sequence[tuple[Caption, ...]]) -> list[EmbeddedCaptions]:
        vectors = self._encoder.encode_texts([each.text for group in groups for each in group])
        ends = np.cumsum([len(group) for group in groups])[:-1]
        return [
            EmbeddedCaptions(group, rows)
            for group, rows in zip(groups, np.split(vectors, ends), strict=True)
        ]

    def _write(
        self,
        embedded: Sequence[EmbeddedPicture],
        same: Sequence[ReadFile],
        failed: Sequence[Failure],
    ) -> None:
        added = changed = 0
        if embedded:
            added, changed = self._catalog.store_pictures(self._collection, embedded)
        if same:
            self._refresh(same)
        self._fail(failed)
        last = str(embedded[-1].file.path) if embedded else ""
        self._done(last, added=added, changed=changed, unchanged=len(same))

    def _refresh(self, same: Sequence[ReadFile]) -> None:
        """Take new times of files whose content is as it was, and new captions beside them."""
        known = [self._known[each.item.path] for each in same]
        states = [
            (file.picture_id, _file_state(each)) for file, each in zip(known, same, strict=True)
        ]
        self._catalog.refresh_files(self._collection, states)
        self._recaption(
            [
                (file.picture_id, each.item)
                for file, each in zip(known, same, strict=True)
                if captions_hash(each.item.captions) != file.captions_hash
            ]
        )

    def _recaption(self, batch: Sequence[tuple[int, Item]]) -> None:
        if not batch:
            return
        embedded = self._embed_captions([item.captions for _, item in batch])
        self._catalog.replace_captions(
            self._collection,
            [
                (picture_id, captions_hash(item.captions), captions)
                for (picture_id, item), captions in zip(batch, embedded, strict=True)
            ],
        )

    def _fail(self, failed: Sequence[Failure]) -> None:
        if failed:
            self._catalog.record_failures(self._collection, failed)
            self._failed.update(failure.path for failure in failed)
            self._count(failed=len(failed))

    def _settle_failures(self) -> None:
        """Drop earlier failures of files that are gone or can be read again."""
        recorded = self._catalog.failures(self._collection.id, self._scan.root)
        settled = [each.path for each in recorded if each.path not in self._failed]
        if settled:
            self._catalog.forget_failures(self._collection, settled)

    def _count(self, **more: int) -> None:
        held = {name: getattr(self.counts, name) + number for name, number in more.items()}
        self.counts = replace(self.counts, **held)

    def _done(self, at: str, **more: int) -> None:
        self._count(**more)
        self._catalog.update_job(self._job, self.counts)
        self._progress.advanced(self.counts, at)


def _merged(decoded: Decoded) -> tuple[Caption, ...]:
    """The captions beside a picture and those in it; where they say the same, either may go."""
    return decoded.file.item.captions + decoded.facts.captions


def _file_state(file: ReadFile) -> FileState:
    return FileState(
        file.item.path,
        file.size_bytes,
        file.mtime_ns,
        file.content_hash,
        captions_hash(file.item.captions),
    )


def _groups(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
