"""The end of an indexing run: what it added is embedded by each of the collection's pairs."""

from contextlib import suppress
from dataclasses import replace

from indexer.indexing.fill import fill
from search.engine import Engine
from search.errors import (
    BadSetting,
    CollectionBusy,
    EncoderUnavailable,
    Message,
    SpaceMismatch,
    StorageFailed,
)
from search.records import Collection


def fill_spaces(engine: Engine, collection: Collection, workers: int) -> tuple[Message, ...]:
    """Embed what an indexing run has left out: new pictures in the collection's second space.

    Pictures are among them that were missing, or could not be read, when the pair was changed.
    A second space that is being filled for the first time is left to its own run. Return a note for
    each pair that can't be opened.
    """
    catalog = engine.catalog
    collection = catalog.collections.reread(collection)
    spaces, second = [collection.space], collection.second
    if second is not None and second.state in ("ready", "former"):
        spaces.append(second.space)
    notes: list[Message] = []
    for space in spaces:
        if not any(catalog.embeddings.count_lacking(collection, space)):
            continue
        try:
            encoder = engine.encoder_of(replace(collection, space=space))
        except (BadSetting, EncoderUnavailable, SpaceMismatch, StorageFailed) as error:
            notes.append(error.message)
            continue
        # Another process may be at it, or the second space be given up meanwhile.
        with suppress(CollectionBusy, SpaceMismatch), catalog.upgrade_lock(collection):
            fill(catalog, collection, encoder, workers=workers, limits=engine.limits)
    return tuple(notes)
