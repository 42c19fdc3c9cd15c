"""Statements over the facts that facets count: one row a picture, a field, or a language."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from search.catalog.contents import present
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, pieces
from search.picture_facts import COUNTED

# The most rows that are Python objects at once.
FETCH_ROWS = 10_000


PICTURE_COLUMNS = (
    *("id", "path", "taken_at", "width_px", "height_px", "size_bytes"),
    *("latitude", "longitude", "colours"),
    *(fact.name for fact in COUNTED),
)
"""The columns of a picture itself that facets count."""


class FactRows:
    """The facts of all collections, read within one transaction each time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def open(self, collection_id: int) -> Iterator["CollectionFacts"]:
        """Read the facts of a collection during a block, as one transaction sees them."""
        with self._database.read_transaction() as sql:
            yield CollectionFacts(sql, collection_id)


class CollectionFacts:
    """The facts of one collection's pictures whose files are there; `ids` None means all."""

    def __init__(self, sql: Sql, collection_id: int) -> None:
        self._sql = sql
        self._id = collection_id

    def changed_after(self, position: int) -> Iterator[Sequence[int]]:
        """Yield the ids of the pictures that changed past `position`, some thousands at a time."""
        c = t.change.c
        statement = sa.select(c.picture_id).where(c.collection_id == self._id, c.seq > position)
        yield from pieces(self._sql.scalars(statement).all())

    def pictures(self, ids: Sequence[int] | None = None) -> Iterator[Sequence[Any]]:
        """Yield rows of `PICTURE_COLUMNS` and whether there is text, some thousands at a time."""
        p, x = t.picture.c, t.picture_text.c
        statement = sa.select(*(p[name] for name in PICTURE_COLUMNS), x.picture_id.is_not(None))
        statement = statement.outerjoin(t.picture_text, x.picture_id == p.id)
        return self._fetch(statement.where(*self._of(ids)))

    def fields(self, ids: Sequence[int] | None = None) -> Iterator[Sequence[Any]]:
        """Yield rows of (name, picture's id, text, number), some thousands at a time."""
        f = t.field.c
        statement = sa.select(f.name, f.picture_id, f.text, f.number).join(t.picture)
        return self._fetch(statement.where(*self._of(ids)))

    def languages(self, ids: Sequence[int] | None = None) -> Iterator[tuple[str, str]]:
        """Yield each language of captions, "" for none, with its pictures' ids between commas."""
        c = t.caption.c
        # One text a language: a row for each of millions of captions takes ten times as long.
        language = sa.func.coalesce(c.language, "")
        id_list = sa.func.aggregate_strings(sa.cast(c.picture_id, sa.String), ",")
        statement = sa.select(language, id_list).join(t.picture).where(*self._of(ids))
        for row in self._sql.execute(statement.group_by(language)):
            yield row[0], row[1]

    def _of(self, ids: Sequence[int] | None) -> list[sa.ColumnElement[bool]]:
        p = t.picture.c
        conditions = [p.collection_id == self._id, present()]
        return conditions if ids is None else [*conditions, p.id.in_(ids)]

    def _fetch(self, statement: sa.Select[Any]) -> Iterator[Sequence[Any]]:
        """Yield rows some thousands at a time, so that memory never has a million of them."""
        rows = self._sql.execution_options(yield_per=FETCH_ROWS).execute(statement)
        return rows.partitions()
