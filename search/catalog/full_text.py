"""The index of captions' words, written and searched, on both databases."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import sqlalchemy as sa

from search.catalog.conditions import Test
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, delete_in, in_pieces
from search.catalog.words_index import WordsIndex, of_collections
from search.text.analysis import words_of

# What PostgreSQL's full text search takes of one picture is a megabyte: past this, words are left
# out. It is some hundred pages of text.
MAX_WORDS_BYTES = 500_000

# How many pictures the words may propose: vectors propose others, and all of them are ranked.
MAX_CANDIDATES = 300

_WORDS = WordsIndex(t.picture_words, "words_index")


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
        statement = _WORDS.best([(word,) for word in query_words], self._database.is_sqlite)
        statement = of_collections(statement, collection_ids, where)
        with self._database.read_transaction() as sql:
            rows = sql.execute(statement.limit(MAX_CANDIDATES)).all()
        counts = rows[0][2:] if rows else (0,) * len(query_words)
        return FoundWords(
            words={row[0]: row[1].split() for row in rows},
            frequency=dict(zip(query_words, map(int, counts), strict=True)),
        )
