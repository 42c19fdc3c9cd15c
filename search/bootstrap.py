"""The wiring of an engine from settings: the only place that chooses backends."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from search.catalog.catalog import open_catalog
from search.encoders import open_encoder
from search.encoders.batching import BatchingEncoder
from search.engine import Engine
from search.errors import LimnError
from search.indexes.ann_builder import AnnBuilder
from search.pictures import Limits
from search.pictures.thumbnails import Thumbnails
from search.settings import Settings
from search.stores import StoreOptions, open_backend
from search.stores.planner.plan import IndexOptions


@contextmanager
def open_engine(
    settings: Settings | None = None, long_running: bool = False, begin: bool = False
) -> Iterator[Engine]:
    """Open an engine on the settings' database, after upgrading its schema where needed.

    Without settings, those of the environment apply. In a process that is `long_running`, large
    collections get an ANN index, and index files are written, in the background. With `begin`, a
    missing database is created even if its index files are still there.

    Raises:
        DatabaseUnavailable: the database can't be used, is damaged, or is of a newer version.
        StorageFailed: the database must be upgraded, and this user may only read it.
        BadSetting: a setting names something that does not exist.
    """
    settings = settings or Settings.from_environment()
    stores = open_backend(
        StoreOptions(settings.store, settings.device, settings.memory_bytes, settings.data_dir)
    )
    options = IndexOptions(settings.store, settings.memory_bytes)
    limits = Limits(
        max_pixels=settings.max_pixels,
        max_decode_bytes=settings.max_decode_bytes,
        turns=settings.data_dir / "decoding.lock",
    )
    with open_catalog(settings.database, begin) as catalog:
        engine = Engine(
            catalog=catalog,
            open_encoder=lambda spec: BatchingEncoder(open_encoder(spec, settings.device)),
            stores=stores,
            index_dir=settings.data_dir / "indexes",
            thumbnails=Thumbnails(settings.data_dir / "thumbnails", limits),
            limits=limits,
            open_ann_builder=lambda path, texts: AnnBuilder(path, texts, options, long_running),
            long_running=long_running,
        )
        try:
            yield engine
        finally:
            with suppress(LimnError):  # an unwritten index file costs only time
                engine.close()
