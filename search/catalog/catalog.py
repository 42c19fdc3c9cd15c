"""The catalog, the only entry to SQL. SQL is the truth; an index follows its change log."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import sqlalchemy as sa

from search.catalog.adapters import Adapters
from search.catalog.board_links import BoardLinks
from search.catalog.boards import CatalogBoards
from search.catalog.caption_sample import CaptionSamples
from search.catalog.change_log import ChangeLog
from search.catalog.collection import CollectionRows
from search.catalog.concepts import Concepts
from search.catalog.database import Database, schema
from search.catalog.database import tables as t
from search.catalog.database.writer_lock import reading_lock, upgrade_lock, writer_lock
from search.catalog.downloads import Downloads
from search.catalog.embeddings import EmbeddingRows
from search.catalog.fact_rows import FactRows
from search.catalog.failures import FailureRows
from search.catalog.filters import CatalogFilters
from search.catalog.full_text import CatalogWords
from search.catalog.jobs import Jobs
from search.catalog.known_files import KnownFiles
from search.catalog.marks import Marks
from search.catalog.picture_names import CatalogNames
from search.catalog.picture_reader import PictureReader
from search.catalog.picture_samples import PictureSamples
from search.catalog.picture_writer import PictureWriter
from search.catalog.saved_searches import CatalogSavedSearches
from search.catalog.second_spaces import SecondSpaces
from search.catalog.sorting import CatalogSorting
from search.catalog.text_readings import TextReadings
from search.catalog.text_words import CatalogText
from search.catalog.tokens import Tokens
from search.catalog.visual_hashes import VisualHashes
from search.catalog.vocabulary import Vocabularies
from search.records import Collection


class Catalog:
    """The parts of a database, one for each kind of record."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.changes = ChangeLog(database)
        self.collections = CollectionRows(database, self.changes)
        self.pictures = PictureReader(database)
        self.writer = PictureWriter(database, self.changes)
        self.second_spaces = SecondSpaces(database, self.changes)
        self.embeddings = EmbeddingRows(database, self.changes)
        self.caption_samples = CaptionSamples(database)
        self.picture_samples = PictureSamples(database)
        self.failures = FailureRows(database, self.changes)
        self.facts = FactRows(database)
        self.filters = CatalogFilters(database)
        self.sorting = CatalogSorting(database, self.filters)
        self.words = CatalogWords(database)
        self.names = CatalogNames(database)
        self.vocabularies = Vocabularies(database, self.filters)
        self.text = TextReadings(database, self.changes)
        self.text_words = CatalogText(database)
        self.hashes = VisualHashes(database)
        self.jobs = Jobs(database)
        self.downloads = Downloads(database)
        self.tokens = Tokens(database)
        self.marks = Marks(database)
        self.concepts = Concepts(database)
        self.boards = CatalogBoards(database)
        self.board_links = BoardLinks(database)
        self.saved_searches = CatalogSavedSearches(database)
        self.adapters = Adapters(database)

    def files(self, collection: Collection) -> KnownFiles:
        """Return the known files of a collection."""
        return KnownFiles(self._database, collection)

    def lock(self, collection: Collection) -> AbstractContextManager[None]:
        """Hold the collection's writer lock during a block.

        Raises:
            CollectionBusy: another process holds it.
        """
        return writer_lock(self._database, collection)

    def upgrade_lock(self, collection: Collection) -> AbstractContextManager[None]:
        """Hold the lock of the collection's second space during a block, beside any indexer.

        Raises:
            CollectionBusy: another process holds it.
        """
        return upgrade_lock(self._database, collection)

    def reading_lock(self, collection: Collection) -> AbstractContextManager[None]:
        """Hold the lock of reading the collection's text during a block; indexers may run.

        Raises:
            CollectionBusy: another process holds it.
        """
        return reading_lock(self._database, collection)

    def identity(self) -> str:
        """Return the catalog's own id; index files carry it."""
        with self._database.read_transaction() as sql:
            return str(sql.scalars(sa.select(t.catalog.c.id)).one())

    @property
    def label(self) -> str:
        """Return the name of the database for messages, without its password."""
        return self._database.label

    @property
    def revision(self) -> str:
        """Return the newest revision of the schema, which an open database has."""
        return schema.HEAD

    @property
    def read_only(self) -> bool:
        """Return whether this user may read the database's file and not write to it."""
        return self._database.read_only

    def on_statement(self, report: Callable[[str], None]) -> None:
        """Report every statement from now on, before it is run."""
        self._database.on_statement(report)

    def close(self) -> None:
        """Close the connections; the next statement opens one again."""
        self._database.close()


@contextmanager
def open_catalog(where: str | Path, begin: bool = False) -> Iterator[Catalog]:
    """Open the catalog of a database, after upgrading its schema where needed.

    With `begin`, a missing database is created even if its index files are still there.

    Raises:
        DatabaseUnavailable: the database can't be used, is damaged, or is of a newer version.
        StorageFailed: the database must be upgraded, and this user may only read it.
        BadSetting: the address names no database.
    """
    database = Database(where)
    try:
        schema.ensure_schema(database, begin)
        yield Catalog(database)
    finally:
        database.close()
