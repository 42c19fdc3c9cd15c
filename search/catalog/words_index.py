"""Full text indexes of words, as statements for both databases."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

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
        return self._sqlite(words) if is_sqlite else self._postgres(words)

    def _sqlite(self, words: Sequence[Spellings]) -> sa.Select[Any]:
        def any_of(spellings: Spellings) -> str:
            return " OR ".join(f'"{word}"' for word in spellings)

        def count(spellings: Spellings) -> sa.ScalarSelect[Any]:
            statement = sa.select(sa.func.count()).select_from(self._index)
            return statement.where(self._matches(any_of(spellings))).scalar_subquery()

        index = self._index.c
        return (
            sa.select(index.rowid, index.words, *map(count, words))
            .join_from(self._index, t.picture, t.picture.c.id == index.rowid)
            .where(self._matches(" OR ".join(map(any_of, words))))
            .order_by(index.rank)
        )

    def _postgres(self, words: Sequence[Spellings]) -> sa.Select[Any]:
        w = self._table.c
        # The index has the words unchanged: no parser of PostgreSQL's comes between.
        tsvector = sa.func.array_to_tsvector(sa.func.string_to_array(w.words, " "))

        def matches(query: str) -> sa.ColumnElement[bool]:
            return tsvector.op("@@", is_comparison=True)(sa.cast(query, sa.Text).op("::")(_TSQUERY))

        queries = [" | ".join(f"'{word}'" for word in spellings) for spellings in words]
        counts = [
            sa.select(sa.func.count())
            .select_from(self._table)
            .where(matches(query))
            .correlate(None)
            .scalar_subquery()
            for query in queries
        ]
        rare = [
            sa.case((matches(query), 1 / sa.func.ln(2.0 + count)), else_=0)
            for query, count in zip(queries, counts, strict=True)
        ]
        return (
            sa.select(w.picture_id, w.words, *counts)
            .join_from(self._table, t.picture, t.picture.c.id == w.picture_id)
            .where(matches(" | ".join(queries)))
            .order_by(sum(rare[1:], rare[0]).desc(), w.picture_id)
        )


_TSQUERY: sa.ColumnClause[Any] = sa.literal_column("tsquery")
