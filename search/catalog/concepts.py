"""SQL of concepts: save, list, find and forget them by their names."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa

from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, in_pieces, now
from search.catalog.records import Concept, ConceptMark
from search.errors import NameTaken, NotFound
from search.query.records import TextTerm
from search.records import Vectors
from search.text.characters import forms


class Concepts:
    """The concepts of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, concept: Concept, replace: bool = False) -> None:
        """Save a concept under its name.

        Raises:
            NameTaken: a concept of that name exists, and `replace` is False.
        """
        c = t.concept
        words = json.dumps([[term.text, term.weight] for term in concept.words], ensure_ascii=False)
        with self._database.write_transaction() as sql:
            if replace:
                sql.execute(c.delete().where(c.c.name.in_(forms(concept.name))))
            elif sql.scalar(sa.select(c.c.id).where(c.c.name.in_(forms(concept.name)))) is not None:
                raise NameTaken(
                    "concept-name-taken",
                    "there is a concept {name!r} already; choose another name, or replace it",
                    name=concept.name,
                )
            row = {"name": concept.name, "words": words, "created_at": now()}
            [concept_id] = sql.execute(c.insert().values(row).returning(c.c.id)).scalars()
            _insert_parts(sql, concept_id, concept)

    def all(self) -> list[Concept]:
        """Return every concept, by name."""
        with self._database.read_transaction() as sql:
            rows = sql.execute(sa.select(t.concept).order_by(t.concept.c.name)).all()
            return _concepts(sql, rows)

    def one(self, name: str) -> Concept:
        """Return the concept of that name; raise NotFound."""
        with self._database.read_transaction() as sql:
            rows = sql.execute(sa.select(t.concept).where(t.concept.c.name.in_(forms(name)))).all()
            concepts = _concepts(sql, rows)
            if not concepts:
                names = sql.scalars(sa.select(t.concept.c.name).order_by(t.concept.c.name))
                name_list = ", ".join(names) or "none yet; keep one with: limn concept save NAME"
                raise NotFound(
                    "unknown-concept",
                    "there is no concept {name!r}; the concepts are: {concepts}",
                    name=name,
                    concepts=name_list,
                )
        return concepts[0]

    def remove(self, name: str) -> None:
        """Delete a concept; raise NotFound."""
        with self._database.write_transaction() as sql:
            if not sql.execute(
                t.concept.delete().where(t.concept.c.name.in_(forms(name)))
            ).rowcount:
                raise NotFound(
                    "unknown-concept-name",
                    "there is no concept {name!r}; see: limn concept list",
                    name=name,
                )


def _insert_parts(sql: Sql, concept_id: int, concept: Concept) -> None:
    marks = [
        {
            "concept_id": concept_id,
            "content_hash": bytes.fromhex(mark.content_hash),
            "more": mark.more,
            "file": mark.file,
        }
        for mark in concept.marks
    ]
    vectors = [
        {"concept_id": concept_id, "space_id": space_id, "vector": vector.astype("<f2").tobytes()}
        for space_id, vector in concept.vectors.items()
    ]
    for table, rows in ((t.concept_mark, marks), (t.concept_vector, vectors)):
        if rows:
            sql.execute(table.insert(), rows)


def _concepts(sql: Sql, rows: Sequence[sa.Row[Any]]) -> list[Concept]:
    m, v, ids = t.concept_mark.c, t.concept_vector.c, [row.id for row in rows]
    marks: dict[int, list[ConceptMark]] = defaultdict(list)
    vectors: dict[int, dict[str, Vectors]] = defaultdict(dict)
    statement = sa.select(t.concept_mark).order_by(m.more.desc(), m.file, m.content_hash)
    for row in in_pieces(sql, statement, m.concept_id, ids):
        mark = ConceptMark(bytes(row.content_hash).hex(), bool(row.more), row.file)
        marks[row.concept_id].append(mark)
    for row in in_pieces(sql, sa.select(t.concept_vector), v.concept_id, ids):
        vectors[row.concept_id][row.space_id] = np.frombuffer(row.vector, "<f2").astype(np.float32)
    return [
        Concept(
            name=row.name,
            words=tuple(TextTerm(text, weight) for text, weight in json.loads(row.words)),
            marks=tuple(marks[row.id]),
            vectors=vectors[row.id],
            created_at=row.created_at,
        )
        for row in rows
    ]
