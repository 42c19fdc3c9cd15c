"""The words of text in pictures: found by their spellings, and the pictures that contain them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from search.catalog.conditions import Test
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.read_once import ReadOnce
from search.catalog.database.statements import Sql
from search.catalog.words_index import WordsIndex, of_collections
from search.text.analysis import MAX_QUERY_WORDS, stem_of
from search.text.spelling import SHORTEST_MISREAD, asked_words, is_misread, is_spelled

# How many pictures the words may propose, as with captions.
MAX_CANDIDATES = 300

# The most spellings of one word: a common word of five letters has some tens of misreadings.
MAX_SPELLINGS = 30

# Bytes of a letter in UTF-8, at most.
LARGEST_LETTER = 4

_WORDS = WordsIndex(t.picture_text, "text_words_index")

Spellings = dict[str, tuple[str, ...]]
"""Words of texts by the words of a query that they match."""


@dataclass(frozen=True, slots=True)
class FoundText:
    """The pictures whose text contains words of a query.

    `words` are those of each picture's text, by its id. `spellings` are the words of texts that
    match each word of the query, none for one that no text has; `frequency` is the number of
    pictures that have any of them.
    """

    words: dict[int, frozenset[str]]
    spellings: Spellings
    frequency: dict[str, int]


def add_words(sql: Sql, words: Iterable[str]) -> None:
    """Add words to those of all texts, where they are not yet among them."""
    insert = sqlite.insert if sql.dialect.name == "sqlite" else postgresql.insert
    rows = [
        {"word": word.encode(), "backward": word[::-1].encode(), "stem": stem_of(word).encode()}
        for word in sorted(words)  # in one order, or two writers wait for each other
        if is_spelled(word)
    ]
    if rows:
        sql.execute(insert(t.text_word).on_conflict_do_nothing(), rows)


class CatalogText:
    """The part of the catalog that finds pictures by the words of the text in them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_empty = ReadOnce[bool](database)

    def find(
        self, text: str, collection_ids: Sequence[int], where: Test | None = None
    ) -> FoundText | None:
        """Return the best pictures for any word of a text, at most 300; None where there are none.

        A word is found in other forms of it, and in spellings that differ in a letter. `where` is
        the condition that the pictures pass.
        """
        if self._is_empty.value(self._has_no_text):
            return None
        query_words = asked_words(text)[:MAX_QUERY_WORDS]
        if not query_words:
            return None
        with self._database.read_transaction() as sql:
            spellings = _spellings(sql, query_words)
            present_words = [word for word in query_words if spellings[word]]
            if not present_words:
                return None
            groups = [spellings[word] for word in present_words]
            statement = _WORDS.best(groups, self._database.is_sqlite)
            statement = of_collections(statement, collection_ids, where)
            rows = sql.execute(statement.limit(MAX_CANDIDATES)).all()
        if not rows:
            return None
        counts = dict(zip(present_words, map(int, rows[0][2:]), strict=True))
        return FoundText(
            words={row[0]: frozenset(row[1].split()) for row in rows},
            spellings=spellings,
            frequency={word: counts.get(word, 0) for word in query_words},
        )

    def _has_no_text(self) -> bool:
        """Return whether no picture has text."""
        with self._database.read_transaction() as sql:
            return sql.scalar(sa.select(t.picture_text.c.picture_id).limit(1)) is None


def _spellings(sql: Sql, query_words: Sequence[str]) -> Spellings:
    """Return the words of texts that match each word of a query, in one statement.

    A word that differs in one letter has the same beginning up to the middle, or the same end.
    Pieces of runs, as of Chinese, match themselves alone.
    """
    spelled_words = [word for word in query_words if is_spelled(word)]
    spellings: dict[str, set[str]] = {word: {word} - set(spelled_words) for word in query_words}
    if spelled_words:
        parts = [part for place, word in enumerate(spelled_words) for part in _alike(place, word)]
        for place, has_stem, data in sql.execute(sa.union_all(*parts)):
            word, other = spelled_words[place], bytes(data).decode()
            if has_stem or is_misread(word, other):
                spellings[word].add(other)
    return {
        word: tuple(sorted(others, key=lambda each: (each != word, each))[:MAX_SPELLINGS])
        for word, others in spellings.items()
    }


def _alike(place: int, word: str) -> list[sa.Select[Any]]:
    """Return statements that select the words with a word's stem, and those that may be misread.

    A number is never searched in other spellings: numbers have thousands of neighbours.
    """
    w = t.text_word.c

    def select(has_stem: bool, *tests: sa.ColumnElement[bool]) -> sa.Select[Any]:
        columns = (sa.literal(place).label("place"), sa.literal(int(has_stem)).label("has_stem"))
        return sa.select(*columns, w.word).where(*tests)

    statements = [select(True, w.stem == stem_of(word).encode())]
    if len(word) >= SHORTEST_MISREAD and not word.isdigit():
        half, size = len(word) // 2, len(word.encode())
        is_near = sa.func.length(w.word).between(size - LARGEST_LETTER, size + LARGEST_LETTER)
        statements += [
            select(False, _begins(w.word, word[:half]), is_near),
            select(False, _begins(w.backward, word[half:][::-1]), is_near),
        ]
    return statements


def _begins(column: sa.Column[bytes], prefix: str) -> sa.ColumnElement[bool]:
    """Return the condition that a word begins so, as a range for an index."""
    start = prefix.encode()
    return (column >= start) & (column < start[:-1] + bytes([start[-1] + 1]))
