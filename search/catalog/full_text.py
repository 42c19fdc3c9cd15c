"""The index of captions' words, written and searched, on both databases."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from search.catalog.conditions import Test
from search.catalog.contents import present
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, delete_in, in_pieces
from search.text.analysis import words_of

# What PostgreSQL's full text search takes of one picture is a megabyte: past this, words are left
# out. It is some hundred pages of text.
MAX_WORDS_BYTES = 500_000

# How many pictures the words may propose: vectors propose others, and all of them are ranked.
MAX_CANDIDATES = 300

_INDEX = sa.table("words_index", sa.column("rowid"), sa.column("words"), sa.column("rank"))
_MATCHES = sa.literal_column("words_index").op("MATCH")


@dataclass(frozen=True, slots=True)
class FoundWords:
    """The pictures that contain words of a query, and the number of pictures for each word."""

    words: dict[int, list[str]]
    frequency: dict[str, int]


def index_words(sql: Sql, picture_ids: Sequence[int]) -> None:
    """Write the words of the pictures' current captions; full text indexes follow."""
    c = t.caption.c
    delete_in(sql, t.picture_words, t.picture_words.c.picture_id, picture_ids)
    statement = sa.select(c.picture_id, c.text).order_by(c.picture_id, c.id)
    rows = in_pieces(sql, statement, c.picture_id, picture_ids)
    texts = [
        {"picture_id": picture_id, "words": words}
        for picture_id, captions in groupby(rows, key=lambda row: int(row.picture_id))
        if (words := _join_words(word for row in captions for word in words_of(row.text)))
    ]
    if texts:
        sql.execute(t.picture_words.insert(), texts)


def _join_words(words: Iterable[str]) -> str:
    """Return as many words, between blanks, as full text indexes take."""
    text = " ".join(words)
    if len(text) <= MAX_WORDS_BYTES // 4:  # no character has more bytes
        return text
    head = text.encode()[:MAX_WORDS_BYTES].rpartition(b" ")[0]
    return head.decode()


class CatalogWords:
    """The part of the catalog that finds pictures by the words of their captions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(
        self,
        query_words: Sequence[str],
        collection_ids: Sequence[int],
        where: Test | None = None,
    ) -> FoundWords:
        """Return the best pictures for any of the words, at most 300.

        It takes one statement. `query_words` comes from `search.text.analysis.query_words`;
        `where` is the condition that the pictures pass, from `CatalogFilters.condition`.
        """
        statement = (
            self._sqlite(query_words) if self._database.is_sqlite else self._postgres(query_words)
        )
        statement = statement.where(t.picture.c.collection_id.in_(collection_ids), present())
        if where is not None:
            statement = statement.where(where)
        with self._database.read_transaction() as sql:
            rows = sql.execute(statement.limit(MAX_CANDIDATES)).all()
        counts = rows[0][2:] if rows else (0,) * len(query_words)
        return FoundWords(
            words={row[0]: row[1].split() for row in rows},
            frequency=dict(zip(query_words, map(int, counts), strict=True)),
        )

    def _sqlite(self, query_words: Sequence[str]) -> sa.Select[Any]:
        def count(word: str) -> sa.ScalarSelect[Any]:
            statement = sa.select(sa.func.count()).select_from(_INDEX).where(_MATCHES(f'"{word}"'))
            return statement.scalar_subquery()

        return (
            sa.select(_INDEX.c.rowid, _INDEX.c.words, *map(count, query_words))
            .join_from(_INDEX, t.picture, t.picture.c.id == _INDEX.c.rowid)
            .where(_MATCHES(" OR ".join(f'"{word}"' for word in query_words)))
            .order_by(_INDEX.c.rank)
        )

    def _postgres(self, query_words: Sequence[str]) -> sa.Select[Any]:
        # The index has the words unchanged: no parser of PostgreSQL's comes between.
        tsvector = sa.func.array_to_tsvector(sa.func.string_to_array(t.picture_words.c.words, " "))

        def matches(query: str) -> sa.ColumnElement[bool]:
            return tsvector.op("@@", is_comparison=True)(sa.cast(query, sa.Text).op("::")(_TSQUERY))

        counts = [
            sa.select(sa.func.count())
            .select_from(t.picture_words)
            .where(matches(f"'{word}'"))
            .correlate(None)
            .scalar_subquery()
            for word in query_words
        ]
        rare = [
            sa.case((matches(f"'{word}'"), 1 / sa.func.ln(2.0 + count)), else_=0)
            for word, count in zip(query_words, counts, strict=True)
        ]
        w = t.picture_words
        return (
            sa.select(w.c.picture_id, w.c.words, *counts)
            .join_from(w, t.picture, t.picture.c.id == w.c.picture_id)
            .where(matches(" | ".join(f"'{word}'" for word in query_words)))
            .order_by(sum(rare[1:], rare[0]).desc(), w.c.picture_id)
        )


_TSQUERY: sa.ColumnClause[Any] = sa.literal_column("tsquery")
