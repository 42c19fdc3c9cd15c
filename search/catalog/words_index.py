"""Full text indexes of words, as statements for both databases."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from search.catalog.conditions import Test
from search.catalog.contents import present
from search.catalog.database import tables as t

Spellings = Sequence[str]
"""The words of which each counts as one word of a query."""


class WordsIndex:
    """An index over the column `words` of a table with one row a picture."""

    def __init__(self, table: sa.Table, name: str) -> None:
        """Take the table, and the name of SQLite's index of it."""
        self._table = table
        self._index = sa.table(name, sa.column("rowid"), sa.column("words"), sa.column("rank"))
        self._matches = sa.literal_column(name).op("MATCH")

    def best(self, words: Sequence[Spellings], is_sqlite: bool) -> sa.Select[Any]:
        """Select the pictures that contain any of the words, the best first, joined to `picture`.

        A row has the picture's id, its words, and for each word of the query how many pictures
        contain it.
        """
        counts = [self.count(spellings, is_sqlite) for spellings in words]
        if is_sqlite:
            query = " OR ".join(map(_any_of, words))
            return self._on_sqlite(query).add_columns(*counts).order_by(self._index.c.rank)
        queries = [_any_of_tsquery(spellings) for spellings in words]
        rare = [
            sa.case((self._has(query), 1 / sa.func.ln(2.0 + count)), else_=0)
            for query, count in zip(queries, counts, strict=True)
        ]
        return (
            self._on_postgres(" | ".join(queries))
            .add_columns(*counts)
            .order_by(sum(rare[1:], rare[0]).desc(), self._table.c.picture_id)
        )

    def all_or_any(
        self, words: Sequence[str], rare: Sequence[str], is_sqlite: bool
    ) -> sa.Select[Any]:
        """Select the pictures that contain all of the words or a rare one, joined to `picture`.

        A row has the picture's id and its words. The best are first, but on SQLite without a rare
        word: a rank of each of 100,000 pictures takes a quarter of a second, and tells nothing.
        """
        if is_sqlite:
            everything = " AND ".join(f'"{word}"' for word in words)
            query = " OR ".join([f"({everything})", *(f'"{word}"' for word in rare)])
            statement = self._on_sqlite(query)
            return statement.order_by(self._index.c.rank) if rare else statement
        everything = " & ".join(f"'{word}'" for word in words)
        query = " | ".join([f"({everything})", *(f"'{word}'" for word in rare)])
        parts = [sa.case((self._has(f"'{word}'"), 1), else_=0) for word in words]
        statement = self._on_postgres(query)
        return statement.order_by(sum(parts[1:], parts[0]).desc(), self._table.c.picture_id)

    def count(self, spellings: Spellings, is_sqlite: bool) -> sa.ScalarSelect[Any]:
        """Return the number of pictures that contain any of the spellings, as a subquery."""
        if is_sqlite:
            statement = sa.select(sa.func.count()).select_from(self._index)
            statement = statement.where(self._matches(_any_of(spellings)))
        else:
            statement = sa.select(sa.func.count()).select_from(self._table)
            statement = statement.where(self._has(_any_of_tsquery(spellings)))
        return statement.correlate(None).scalar_subquery()

    def begins(self, prefix: str, most: int, is_sqlite: bool) -> Test:
        """Return the condition on the table that a word of a row begins so.

        On SQLite, it holds for at most `most` rows.
        """
        if not is_sqlite:
            return self._has(f"'{prefix}':*")
        rows = sa.select(self._index.c.rowid).where(self._matches(f'"{prefix}"*'))
        return self._table.c.picture_id.in_(rows.limit(most))

    def _on_sqlite(self, query: str) -> sa.Select[Any]:
        index = self._index.c
        return (
            sa.select(index.rowid, index.words)
            .join_from(self._index, t.picture, t.picture.c.id == index.rowid)
            .where(self._matches(query))
        )

    def _on_postgres(self, query: str) -> sa.Select[Any]:
        w = self._table.c
        return (
            sa.select(w.picture_id, w.words)
            .join_from(self._table, t.picture, t.picture.c.id == w.picture_id)
            .where(self._has(query))
        )

    def _has(self, query: str) -> Test:
        """Return PostgreSQL's condition that a row matches a tsquery."""
        # The index has the words unchanged: no parser of PostgreSQL's comes between.
        tsvector = sa.func.array_to_tsvector(sa.func.string_to_array(self._table.c.words, " "))
        return tsvector.op("@@", is_comparison=True)(sa.cast(query, sa.Text).op("::")(_TSQUERY))


def of_collections(
    statement: sa.Select[Any], collection_ids: Sequence[int], where: Test | None
) -> sa.Select[Any]:
    """Narrow a statement on `picture` to the pictures of collections that pass a condition."""
    statement = statement.where(t.picture.c.collection_id.in_(collection_ids), present())
    return statement if where is None else statement.where(where)


def _any_of(spellings: Spellings) -> str:
    return " OR ".join(f'"{word}"' for word in spellings)


def _any_of_tsquery(spellings: Spellings) -> str:
    return " | ".join(f"'{word}'" for word in spellings)


_TSQUERY: sa.ColumnClause[Any] = sa.literal_column("tsquery")
