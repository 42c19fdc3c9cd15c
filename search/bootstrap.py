"""From settings to a wired engine: the only place that chooses backends."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from search.catalog.catalog import open_catalog
from search.encoders import open_encoder
from search.encoders.batching import JoinedEncoder
from search.engine import Engine
from search.errors import LimnError
from search.indexes.ann_builder import Staging
from search.pictures import Limits
from search.pictures.thumbnails import Thumbnails
from search.settings import Settings
from search.stores import open_store
from search.stores.planner.plan import Wishes


@contextmanager
def open_engine(
    settings: Settings | None = None, lasting: bool = False, begin: bool = False
) -> Iterator[Engine]:
    """An engine on the settings' database, whose schema is upgraded first where it must be.

    Without settings, those of the environment are taken. In a process that is `lasting`, large
    collections get a first pass, and index files are written, in the background. With `begin`, a
    database is made where one was removed and its index files were not.

    Raises:
        DatabaseUnavailable: the database can't be used, is damaged, or is of a newer version.
        StorageFailed: it must be upgraded, and this user may only read it.
        BadSetting: a setting names something that does not exist.
    """
    settings = settings or Settings.from_environment()
    wishes = Wishes(settings.store, settings.memory_bytes)
    limits = Limits(
        max_pixels=settings.max_pixels,
        max_decode_bytes=settings.max_decode_bytes,
        turns=settings.data_dir / "decoding.lock",
    )
    with open_catalog(settings.database, begin) as catalog:
        engine = Engine(
            catalog=catalog,
            open_encoder=lambda spec: JoinedEncoder(open_encoder(spec, settings.device)),
            open_store=lambda width: open_store(width, settings.device, settings.memory_bytes),
            index_dir=settings.data_dir / "indexes",
            thumbnails=Thumbnails(settings.data_dir / "thumbnails", limits),
            limits=limits,
            open_staging=lambda path, texts: Staging(path, texts, wishes, lasting),
            lasting=lasting,
        )
        try:
            yield engine
        finally:
            with suppress(LimnError):  # an index file that is not written costs only time
                engine.close()
