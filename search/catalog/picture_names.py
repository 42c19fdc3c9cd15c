"""The index of names: a picture's file, folders, collection, camera, columns; both databases."""

import os
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import PurePath
from typing import Any

import sqlalchemy as sa

from search.catalog.conditions import Test
from search.catalog.contents import present
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, delete_in, in_pieces
from search.catalog.full_text import FoundWords
from search.text.characters import compose, storable
from search.text.names import name_words

# How many pictures the names may propose.
MAX_CANDIDATES = 300

# A word of more pictures, such as "img" or a year, proposes only together with the others.
COMMON = 5_000

# A picture's names are short; a column may hold a text.
MAX_WORDS = 200

_INDEX = sa.table("names_index", sa.column("rowid"), sa.column("words"))
_MATCHES = sa.literal_column("names_index").op("MATCH")
_TSQUERY: sa.ColumnClause[Any] = sa.literal_column("tsquery")


def index_names(sql: Sql, picture_ids: Sequence[int]) -> None:
    """Write the names of pictures as they are now; full text indexes follow."""
    p, f, n = t.picture.c, t.field.c, t.picture_names
    delete_in(sql, n, n.c.picture_id, picture_ids)
    statement = sa.select(p.id, p.path, p.camera, t.collection.c.name).join(t.collection)
    pictures = in_pieces(sql, statement, p.id, picture_ids)
    texts = sa.select(f.picture_id, f.text).where(f.text.is_not(None)).order_by(f.picture_id)
    cells = {
        picture_id: [row.text for row in rows]
        for picture_id, rows in groupby(
            in_pieces(sql, texts, f.picture_id, picture_ids),
            key=lambda row: int(row.picture_id),
        )
    }
    rows = [
        _row(row.id, os.fsdecode(row.path), [row.name, row.camera or "", *cells.get(row.id, ())])
        for row in pictures
    ]
    if rows:
        sql.execute(n.insert(), rows)


def _row(picture_id: int, path: str, texts: Iterable[str]) -> dict[str, Any]:
    place = PurePath(compose(storable(path)))
    words: dict[str, None] = {}
    for text in (place.stem, *reversed(place.parts[:-1]), *texts):
        words |= dict.fromkeys(name_words(text))
    return {
        "picture_id": picture_id,
        "words": " ".join(list(words)[:MAX_WORDS]),
        "name": place.name,
        "folder": str(place.parent),
    }


class CatalogNames:
    """The part of the catalog that finds pictures by the names around them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(
        self,
        query_words: Sequence[str],
        collection_ids: Sequence[int],
        where: Test | None = None,
    ) -> FoundWords:
        """Return at most 300 pictures with all of the words that occur, or with a rare one.

        `query_words` comes from `search.text.analysis.query_words`; `where` is the condition that
        the pictures pass, from `CatalogFilters.condition`.
        """
        with self._database.read_transaction() as sql:
            counts = sql.execute(sa.select(*map(self._count, query_words))).one()
            frequency = dict(zip(query_words, map(int, counts), strict=True))
            known_words = [word for word in query_words if frequency[word]]
            if not known_words:
                return FoundWords({}, frequency)
            rare = [word for word in known_words if frequency[word] <= COMMON]
            statement = self._statement(known_words, rare).where(
                t.picture.c.collection_id.in_(collection_ids), present()
            )
            if where is not None:
                statement = statement.where(where)
            rows = sql.execute(statement.limit(MAX_CANDIDATES)).all()
        return FoundWords({row[0]: row[1].split() for row in rows}, frequency)

    def with_prefix(self, word: str, collection_ids: Sequence[int], limit: int) -> list[str]:
        """Return the names of some files with a word that begins so, as the index has words."""
        n, p = t.picture_names.c, t.picture.c
        statement = sa.select(n.name).join_from(t.picture_names, t.picture, p.id == n.picture_id)
        if self._database.is_sqlite:
            matches = sa.select(_INDEX.c.rowid).where(_MATCHES(f'"{word}"*'))
            statement = statement.where(n.picture_id.in_(matches.limit(20 * limit)))
        else:
            statement = statement.where(_contains(f"'{word}':*"))
        statement = statement.where(p.collection_id.in_(collection_ids), present()).limit(limit)
        with self._database.read_transaction() as sql:
            return list(dict.fromkeys(sql.scalars(statement)))

    def _count(self, word: str) -> sa.ScalarSelect[Any]:
        if self._database.is_sqlite:
            statement = sa.select(sa.func.count()).select_from(_INDEX).where(_MATCHES(f'"{word}"'))
        else:
            statement = sa.select(sa.func.count()).select_from(t.picture_names)
            statement = statement.where(_contains(f"'{word}'"))
        return statement.correlate(None).scalar_subquery()

    def _statement(self, known_words: Sequence[str], rare: Sequence[str]) -> sa.Select[Any]:
        """Return the statement of the pictures with all known words or with a rare one."""
        if self._database.is_sqlite:
            everything = " AND ".join(f'"{word}"' for word in known_words)
            query = " OR ".join([f"({everything})", *(f'"{word}"' for word in rare)])
            statement = (
                sa.select(_INDEX.c.rowid, _INDEX.c.words)
                .join_from(_INDEX, t.picture, t.picture.c.id == _INDEX.c.rowid)
                .where(_MATCHES(query))
            )
            # A rank of each of 100,000 pictures takes a quarter of a second, and tells nothing.
            return statement.order_by(sa.literal_column("rank")) if rare else statement
        n = t.picture_names.c
        everything = " & ".join(f"'{word}'" for word in known_words)
        query = " | ".join([f"({everything})", *(f"'{word}'" for word in rare)])
        counts = [sa.case((_contains(f"'{word}'"), 1), else_=0) for word in known_words]
        return (
            sa.select(n.picture_id, n.words)
            .join_from(t.picture_names, t.picture, t.picture.c.id == n.picture_id)
            .where(_contains(query))
            .order_by(sum(counts[1:], counts[0]).desc(), n.picture_id)
        )


def _contains(query: str) -> sa.ColumnElement[bool]:
    """Return PostgreSQL's condition that a picture's names match a tsquery."""
    words = sa.func.array_to_tsvector(sa.func.string_to_array(t.picture_names.c.words, " "))
    return words.op("@@", is_comparison=True)(sa.cast(query, sa.Text).op("::")(_TSQUERY))
