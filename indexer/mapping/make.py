"""Making of a collection's map from the catalog and the vector store, in one process at a time."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.mapping.layout import Report, lay_out, package_missing
from indexer.mapping.regions import regions, vocabularies
from search.engine import Engine
from search.errors import BadSource, CollectionBusy, StorageFailed, system_reason
from search.files.exclusive_lock import exclusive_lock
from search.library.map_file import PictureMap, write_map
from search.records import Caption, Collection


def check_packages() -> None:
    """Raise BadSetting where the extra `map` is not installed, before minutes of work need it."""
    for package in ("openTSNE", "sklearn"):
        if importlib.util.find_spec(package) is None:
            raise package_missing()


def make_map(engine: Engine, collection: Collection, report: Report) -> PictureMap:
    """Lay out a collection, name its regions, and write the map next to its index file.

    Raises:
        BadSource: it has no pictures.
        BadSetting: the extra `map` is not installed.
        CollectionBusy: another process is making it.
        EncoderUnavailable, SpaceMismatch: the collection's encoder can't be opened.
        StorageFailed: it can't be written.
    """
    path = engine.map_file(collection)
    with _alone(path, collection):
        head = engine.catalog.changes.last(collection.id)
        store = engine.store(collection)
        ids, vectors = store.items()
        if not len(ids):
            raise BadSource(
                "collection-empty",
                "collection {name!r} has no pictures to make a map of; index some",
                name=collection.name,
            )
        places = lay_out(store, ids, vectors, report)
        words = vocabularies(engine.encoder_of(collection), _captions(engine, collection))
        epoch = engine.catalog.changes.epoch_at(collection.id, head)
        labels = tuple(regions(ids, places, vectors, words))
        picture_map = PictureMap(head, ids, places, labels, epoch)
        write_map(path, picture_map)
    return picture_map


def _captions(engine: Engine, collection: Collection) -> Iterator[Caption]:
    for picture in engine.catalog.pictures.with_captions(collection):
        yield from picture.facts.captions


@contextmanager
def _alone(path: Path, collection: Collection) -> Iterator[None]:
    def busy() -> CollectionBusy:
        return CollectionBusy(
            "map-busy",
            "the map of {name!r} is being made by another process; wait for it",
            name=collection.name,
        )

    def unwritable(error: OSError) -> StorageFailed:
        return StorageFailed(
            "map-unwritable",
            "can't write the map {path!r}: {reason}; run the command as the owner of "
            "the data folder",
            path=str(path),
            reason=system_reason(error),
        )

    lock = path.with_name(f"{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(error) from error
    with exclusive_lock(lock, busy=busy, unwritable=unwritable):
        yield
