"""The end of an indexing run: what it added is embedded by each of the collection's pairs."""

from contextlib import suppress
from dataclasses import replace
from functools import partial

from indexer.indexing.cancellation import Stop
from indexer.indexing.fill import fill
from indexer.indexing.idle_encoder import IdleEncoder
from indexer.indexing.writer import Progress
from search.catalog.records import RunCounts
from search.encoders.pool import ENCODER_ERRORS
from search.engine import Engine
from search.errors import CollectionBusy, Message, SpaceMismatch
from search.records import Collection


def fill_spaces(
    engine: Engine, collection: Collection, workers: int, progress: Progress, stop: Stop
) -> list[Message]:
    """Embed what an indexing run has left out: new pictures in the collection's second space.

    Pictures are among them that were missing, or could not be read, when the pair was changed.
    A second space that is being filled for the first time is left to its own run. Return a note for
    each pair that can't be opened. Raises JobCancelled once `stop` is set.
    """
    spaces, second = [collection.space], collection.second
    if second is not None and second.state in ("ready", "former"):
        spaces.append(second.space)
    notes: list[Message] = []
    for space in spaces:
        if not any(engine.catalog.embeddings.count_lacking(collection, space)):
            continue
        open_encoder = partial(engine.encoder_of, replace(collection, space=space))
        try:
            encoder = IdleEncoder(open_encoder)
        except ENCODER_ERRORS as error:
            notes.append(error.message)
            continue
        # Another process may be at it, or the second space be given up meanwhile.
        lock = engine.catalog.upgrade_lock(collection)
        with encoder, suppress(CollectionBusy, SpaceMismatch), lock:
            fill(
                engine.catalog,
                collection,
                encoder,
                workers=workers,
                limits=engine.limits,
                report=partial(_show, progress),
                check=stop.check,
            )
    return notes


def _show(progress: Progress, counts: RunCounts, at: str) -> None:
    progress.advance(counts, max(counts.found, counts.added + counts.failed), at)
