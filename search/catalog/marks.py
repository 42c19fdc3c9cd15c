"""SQL of marks: every "more like this" and "less like this", with its picture and query."""

import hashlib
import json
from dataclasses import dataclass

import sqlalchemy as sa

from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import in_pieces, now
from search.errors import NotFound
from search.query.records import ConceptTerm, IndexedTerm, Query, Term, TextTerm


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark: the words of its query, and the hash of the picture's content in hex."""

    words: str
    content_hash: str
    more: bool
    made_at: str


class Marks:
    """The marks of one database. A second mark in answer to the same query replaces the first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(self, query: Query) -> int:
        """Store the marks of a query, and return how many there are.

        Raises:
            NotFound: a marked picture no longer exists; nothing is stored then.
        """
        terms_json = json.dumps([mark_json(term) for term in query.terms], ensure_ascii=False)
        key = hashlib.blake2b(terms_json.encode(), digest_size=16).hexdigest()
        sides = dict.fromkeys(query.more, True) | dict.fromkeys(query.less, False)
        p, m = t.picture.c, t.mark.c
        with self._database.write_transaction() as sql:
            statement = sa.select(p.id, p.content_hash)
            hashes = {row.id: row.content_hash for row in in_pieces(sql, statement, p.id, [*sides])}
            unknown_id = next(
                (picture_id for picture_id in sides if picture_id not in hashes), None
            )
            if unknown_id is not None:
                raise NotFound(
                    "unknown-picture",
                    "there is no picture {id}; it may have been removed",
                    id=unknown_id,
                )
            rows = {
                hashes[picture_id]: {
                    "query": terms_json,
                    "query_hash": key,
                    "words": words_of(query),
                    "content_hash": hashes[picture_id],
                    "more": more,
                    "made_at": now(),
                }
                for picture_id, more in sides.items()
            }
            if rows:
                again = (m.query_hash == key) & m.content_hash.in_(rows)
                sql.execute(t.mark.delete().where(again))
                sql.execute(t.mark.insert(), list(rows.values()))
        return len(rows)

    def all(self) -> list[Mark]:
        """Return every mark, the first made first."""
        m = t.mark.c
        statement = sa.select(m.words, m.content_hash, m.more, m.made_at).order_by(m.id)
        with self._database.read_transaction() as sql:
            return [
                Mark(row.words, bytes(row.content_hash).hex(), bool(row.more), row.made_at)
                for row in sql.execute(statement)
            ]

    def forget(self, words: str | None = None) -> int:
        """Delete the marks of a query with these words, or all; return how many there were."""
        statement = t.mark.delete()
        if words is not None:
            statement = statement.where(t.mark.c.words == words)
        with self._database.write_transaction() as sql:
            return int(sql.execute(statement).rowcount)


def words_of(query: Query) -> str:
    """Return the words of a query, without terms of negative weight."""
    texts = [term.text for term in query.terms if isinstance(term, TextTerm) and term.weight > 0]
    return " ".join(" ".join(texts).split())


def mark_json(term: Term) -> dict[str, object]:
    """Return a term as JSON; a query image is only noted as sent."""
    match term:
        case TextTerm():
            return {"text": term.text, "weight": term.weight}
        case IndexedTerm():
            return {"picture_id": term.picture_id, "weight": term.weight}
        case ConceptTerm():
            return {"concept": term.name, "weight": term.weight}
    return {"image": "sent", "weight": term.weight}
