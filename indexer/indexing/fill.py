"""Filling of a space: stored pictures and captions that lack an embedding in it are embedded.

A collection that changes its encoder pair is filled so, and so are pictures that came meanwhile,
or whose files were missing.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from indexer.indexing.decode import DecodedPicture, Outcome, Work
from indexer.indexing.decoder_pool import Decoders
from indexer.sources import Item
from search.batching import groups
from search.catalog.catalog import Catalog
from search.catalog.embeddings import PictureToEmbed
from search.catalog.records import Failure, RunCounts
from search.encoders import Encoder
from search.errors import Message
from search.pictures import Limits
from search.records import Collection, Vectors

ENCODE_BATCH = 32
CAPTION_BATCH = 256

# Pictures, or time, of one transaction: the most that a kill can cost.
WRITE_BATCH = 512
WRITE_EVERY_S = 2.0

Report = Callable[[RunCounts, str], None]
"""A function that is told the counts so far and the last picture; it may raise to end the run."""


@dataclass(frozen=True, slots=True)
class FillResult:
    """The number of pictures embedded, and those that could not be, with the reasons."""

    counts: RunCounts
    failures: list[Failure]


def fill(
    catalog: Catalog,
    collection: Collection,
    encoder: Encoder,
    *,
    workers: int,
    limits: Limits,
    report: Report = lambda _counts, _at: None,
    check: Callable[[], None] = lambda: None,
) -> FillResult:
    """Embed what a collection lacks in the encoder's space, also what is added meanwhile.

    A file that has changed since it was indexed is left to the next indexing run, and so is one
    that can't be read. `report` is called after each transaction; `check` may raise to end the
    run. A run that ends at any moment and starts again continues after its last transaction.

    Raises:
        SpaceMismatch: the collection was removed, or has no use for the space any more.
        StorageFailed: the disk is full; what was committed remains.
    """
    run = _Run(catalog, collection, encoder, report)
    report(run.counts, "")
    run.captions(check)
    if run.lacks_pictures:
        with Decoders(workers, encoder.preparation, limits) as decoders:
            while run.lacks_pictures:
                run.take(decoders.run(run.work(), check))
        run.captions(check)
    return FillResult(run.counts, list(run.failures.values()))


class _Run:
    """One filling of a space; `failures` are by the ids of their pictures."""

    def __init__(
        self, catalog: Catalog, collection: Collection, encoder: Encoder, report: Report
    ) -> None:
        self._rows = catalog.embeddings
        self._collection = collection
        self._encoder = encoder
        self._report = report
        self._pending: dict[Path, PictureToEmbed] = {}
        self._vectors: list[tuple[PictureToEmbed, Vectors]] = []
        self._written_s = time.monotonic()
        lacking_count, _ = self._rows.count_lacking(collection, encoder.space)
        self.failures: dict[int, Failure] = {}
        self.counts = RunCounts(found=lacking_count)

    @property
    def lacks_pictures(self) -> bool:
        """Return whether a picture lacks its embedding that this run has not failed to read."""
        return next(self._lacking(), None) is not None

    def work(self) -> Iterator[Work]:
        """Yield the files to decode."""
        for picture in self._lacking():
            self._pending[picture.path] = picture
            yield Work(Item(picture.path, picture.size_bytes, picture.mtime_ns), whole=True)

    def take(self, outcomes: Iterator[Outcome]) -> None:
        """Embed and store the decoders' results; record the failures."""
        batch: list[tuple[PictureToEmbed, DecodedPicture]] = []
        for outcome in outcomes:
            if isinstance(outcome, DecodedPicture):
                picture = self._pending.pop(outcome.file.item.path)
                if outcome.file.content_hash == picture.content_hash:
                    batch.append((picture, outcome))
                else:
                    self._fail(picture, _changed(picture))
            elif isinstance(outcome, Failure):
                self._fail(self._pending.pop(outcome.path), outcome)
            if len(batch) == ENCODE_BATCH:
                self._embed(batch)
                batch = []
        self._embed(batch)
        self._write()

    def captions(self, check: Callable[[], None]) -> None:
        """Embed the captions that lack an embedding."""
        space = self._encoder.space
        lacking = self._rows.captions_lacking(self._collection, space)
        for batch in groups(lacking, CAPTION_BATCH):
            check()
            vectors = self._encoder.encode_texts([caption.text for caption in batch])
            rows = list(zip(batch, vectors, strict=True))
            self._rows.insert_captions(self._collection, space, rows)
            self._report(self.counts, "")

    def _lacking(self) -> Iterator[PictureToEmbed]:
        pictures = self._rows.pictures_lacking(self._collection, self._encoder.space)
        return (picture for picture in pictures if picture.id not in self.failures)

    def _embed(self, batch: list[tuple[PictureToEmbed, DecodedPicture]]) -> None:
        if not batch:
            return
        vectors = self._encoder.encode_pixels(np.stack([decoded.pixels for _, decoded in batch]))
        self._vectors += [
            (picture, vector) for (picture, _), vector in zip(batch, vectors, strict=True)
        ]
        is_late = time.monotonic() - self._written_s > WRITE_EVERY_S
        if is_late or len(self._vectors) >= WRITE_BATCH:
            self._write()

    def _write(self) -> None:
        rows, self._vectors = self._vectors, []
        self._written_s = time.monotonic()
        if rows:
            added = self._rows.insert_pictures(self._collection, self._encoder.space, rows)
            self.counts = replace(self.counts, added=self.counts.added + added)
            self._report(self.counts, str(rows[-1][0].path))

    def _fail(self, picture: PictureToEmbed, failure: Failure) -> None:
        self.failures[picture.id] = failure
        self.counts = replace(self.counts, failed=len(self.failures))


def _changed(picture: PictureToEmbed) -> Failure:
    detail = Message(
        "picture-changed-since-index",
        "{name!r} has changed since it was indexed; index its folder again",
        name=str(picture.path),
    )
    return Failure(picture.path, "unreadable", detail)
