"""The words of collections that questions may name: cameras, columns, places; read when needed."""

from collections.abc import Sequence
from functools import cached_property

import sqlalchemy as sa

from search.catalog.contents import present
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.filters import CatalogFilters
from search.catalog.picture_names import CatalogNames
from search.query.understanding.records import PLACE_COLUMNS, WordLists
from search.text.analysis import query_words
from search.text.characters import forms


class Vocabularies:
    """The part of the catalog that knows the words of its collections."""

    def __init__(self, database: Database, filters: CatalogFilters) -> None:
        self._database = database
        self._filters = filters

    def of(self, collection_ids: Sequence[int]) -> "CatalogVocabulary":
        """Return the vocabulary of collections."""
        return CatalogVocabulary(self._database, self._filters, collection_ids)

    def captions(self, collection_ids: Sequence[int], limit: int) -> list[str]:
        """Return the texts of some captions of collections."""
        c, p = t.caption.c, t.picture.c
        statement = (
            sa.select(c.text)
            .join(t.picture)
            .where(p.collection_id.in_(collection_ids), present())
            .limit(limit)
        )
        with self._database.read_transaction() as sql:
            return list(sql.scalars(statement))

    def cameras(self, collection_ids: Sequence[int]) -> tuple[str, ...]:
        """Return the cameras of collections, each once."""
        p = t.picture.c
        cameras: dict[str, None] = {}
        with self._database.read_transaction() as sql:
            for collection_id in collection_ids:
                # From camera to camera by the index: 100,000 pictures of one cost one step.
                of_collection = sa.select(sa.func.min(p.camera).label("camera")).where(
                    p.collection_id == collection_id
                )
                names = of_collection.cte("cameras", recursive=True)
                next_camera = (
                    sa.select(sa.func.min(p.camera))
                    .where(p.collection_id == collection_id, p.camera > names.c.camera)
                    .scalar_subquery()
                )
                names = names.union_all(sa.select(next_camera).where(names.c.camera.is_not(None)))
                rows = sql.scalars(sa.select(names.c.camera).where(names.c.camera.is_not(None)))
                cameras |= dict.fromkeys(rows)
        return tuple(cameras)


class CatalogVocabulary:
    """The vocabulary of some collections; each of its parts is read from SQL when it is needed."""

    def __init__(
        self, database: Database, filters: CatalogFilters, collection_ids: Sequence[int]
    ) -> None:
        self._database = database
        self._filters = filters
        self._collection_ids = collection_ids

    @cached_property
    def _words(self) -> WordLists:
        cameras = Vocabularies(self._database, self._filters).cameras(self._collection_ids)
        return WordLists(cameras=cameras)

    @cached_property
    def _columns(self) -> WordLists:
        return WordLists(columns=tuple(self._filters.columns(self._collection_ids)))

    def is_name(self, words: str) -> bool:
        """Return whether the names of a picture, of its file and folders, have all these words."""
        parts = query_words(words)
        names = CatalogNames(self._database).find(parts, self._collection_ids)
        return bool(parts) and any(set(parts) <= set(each) for each in names.words.values())

    def has_camera(self, words: str) -> bool:
        """Return whether a camera's name contains these words, whole and without case."""
        return self._words.has_camera(words)

    def column(self, name: str) -> str | None:
        """Return the extra column of this name, without case, or None."""
        return self._columns.column(name)

    def place(self, value: str) -> tuple[str, str] | None:
        """Return the column of places and its value that is this text without case, or None.

        Values in capitals, in small letters and with capital initials are found by the index.
        """
        columns = [column for column in self._columns.columns if column.casefold() in PLACE_COLUMNS]
        if not columns:
            return None
        spellings = (value, value.title(), value.capitalize(), value.upper(), value.lower())
        f = t.field.c
        statement = (
            sa.select(f.name, f.text)
            .join(t.picture)
            .where(
                f.name.in_(columns),
                f.text.in_({form for spelling in spellings for form in forms(spelling)}),
                t.picture.c.collection_id.in_(self._collection_ids),
                present(),
            )
            .limit(1)
        )
        with self._database.read_transaction() as sql:
            row = sql.execute(statement).first()
        return None if row is None else (row.name, row.text)
