"""The index of names: a picture's file, folders, collection, camera, columns; both databases."""

import os
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import PurePath
from typing import Any

import sqlalchemy as sa

from search.catalog.conditions import Test
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, delete_in, in_pieces
from search.catalog.full_text import FoundWords
from search.catalog.words_index import WordsIndex, of_collections
from search.text.characters import compose, storable
from search.text.names import name_words

# How many pictures the names may propose.
MAX_CANDIDATES = 300

# A word of more pictures, such as "img" or a year, proposes only together with the others.
COMMON = 5_000

# A picture's names are short; a column may hold a text.
MAX_WORDS = 200

_NAMES = WordsIndex(t.picture_names, "names_index")


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
        is_sqlite = self._database.is_sqlite
        columns = [_NAMES.count((word,), is_sqlite) for word in query_words]
        with self._database.read_transaction() as sql:
            counts = sql.execute(sa.select(*columns)).one()
            frequency = dict(zip(query_words, map(int, counts), strict=True))
            known_words = [word for word in query_words if frequency[word]]
            if not known_words:
                return FoundWords({}, frequency)
            rare = [word for word in known_words if frequency[word] <= COMMON]
            statement = _NAMES.all_or_any(known_words, rare, is_sqlite)
            statement = of_collections(statement, collection_ids, where)
            rows = sql.execute(statement.limit(MAX_CANDIDATES)).all()
        return FoundWords({row[0]: row[1].split() for row in rows}, frequency)

    def with_prefix(self, word: str, collection_ids: Sequence[int], limit: int) -> list[str]:
        """Return the names of some files with a word that begins so, as the index has words."""
        n, p = t.picture_names.c, t.picture.c
        statement = sa.select(n.name).join_from(t.picture_names, t.picture, p.id == n.picture_id)
        statement = statement.where(_NAMES.begins(word, 20 * limit, self._database.is_sqlite))
        statement = of_collections(statement, collection_ids, None).limit(limit)
        with self._database.read_transaction() as sql:
            return list(dict.fromkeys(sql.scalars(statement)))
