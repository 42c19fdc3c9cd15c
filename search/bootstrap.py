"""From settings to a wired engine: the only place that chooses backends."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from search.catalog import Catalog
from search.database import Database
from search.encoders import open_encoder
from search.engine import Engine
from search.errors import LimnError
from search.pictures import Limits
from search.pictures.thumbnails import Thumbnails
from search.schema import ensure_schema
from search.settings import Settings
from search.stores import open_store


@contextmanager
def open_engine(settings: Settings | None = None) -> Iterator[Engine]:
    """An engine on the settings' database, whose schema is upgraded first where it must be.

    Without settings, those of the environment are taken.

    Raises:
        DatabaseUnavailable: the database can't be used, is damaged, or is of a newer version.
        BadSetting: a setting names something that does not exist.
    """
    settings = settings or Settings.from_environment()
    database = Database(settings.database)
    try:
        ensure_schema(database)
        limits = Limits(max_pixels=settings.max_pixels)
        engine = Engine(
            catalog=Catalog(database),
            open_encoder=lambda spec: open_encoder(spec, settings.device),
            open_store=lambda width: open_store(width, settings.device),
            index_dir=settings.data_dir / "indexes",
            thumbnails=Thumbnails(settings.data_dir / "thumbnails", limits),
            limits=limits,
        )
        try:
            yield engine
        finally:
            with suppress(LimnError):  # an index file that is not written costs only time
                engine.close()
    finally:
        database.close()
