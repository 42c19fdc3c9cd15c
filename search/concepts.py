"""Concepts: saving a query under a name, and the documents that share concepts between catalogs."""

import base64
import binascii
import json
import re
from dataclasses import replace

import numpy as np
import regex

from search.catalog.records import Concept, ConceptMark
from search.documents.feedback import SharedConcept, SharedMark, SharedVector, Words
from search.documents.reading import quote, read
from search.engine import Engine
from search.errors import BadQuery, BadSource
from search.query.checks import check_weight, check_words
from search.query.limits import MAX_MARKS, MAX_NAME, MAX_TERMS
from search.query.records import ConceptTerm, IndexedTerm, Query, TextTerm
from search.records import Vectors

KIND, VERSION = "limn concept", 1

NAME = regex.compile(r"[\w\p{M}-]+")
"""The names that `concept:NAME` accepts among other words."""

# The widest vectors of the pairs that open_clip knows have 1,280 dimensions.
MAX_WIDTH = 16_384


def check_name(name: str) -> None:
    """Refuse a name that could not be written in a search; raises BadQuery."""
    if not NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise BadQuery(
            "concept-name-invalid",
            "a concept can't be named {name!r}; use letters, digits, - and _, {most} at most",
            name=name[:100],
            most=MAX_NAME,
        )


def keep(engine: Engine, name: str, query: Query, overwrite: bool = False) -> Concept:
    """Save the terms, marks and query pictures of a query as a concept.

    Pictures that the query searches by count as marks, more or less by the sign of their weight;
    marks and terms of its concepts are copied. The query's vectors are stored with the concept.

    Raises:
        BadQuery: the name is not allowed, the query is empty, or a picture was sent: a concept
            keeps indexed pictures only.
        NameTaken: a concept of that name exists, and `overwrite` is False.
        NotFound: a picture or a concept no longer exists.
    """
    check_name(name)
    words, marks = _parts(engine, query)
    concept = Concept(name, words, marks, engine.vectors_of(query))
    engine.catalog.concepts.keep(concept, overwrite)
    return concept


def export_concept(concept: Concept) -> SharedConcept:
    """Return a concept as a document that another catalog imports."""
    return SharedConcept(
        kind=KIND,
        version=VERSION,
        name=concept.name,
        words=tuple(Words(term.text, term.weight) for term in concept.words),
        marks=tuple(
            SharedMark(content_hash=mark.content_hash, more=mark.more, file=mark.file)
            for mark in concept.marks
        ),
        vectors=tuple(
            SharedVector(space_id, base64.b64encode(row.astype("<f2").tobytes()).decode())
            for space_id, row in sorted(concept.vectors.items())
        ),
    )


def read_concept(text: str | bytes) -> Concept:
    """Return the concept of a document.

    Raises:
        BadSource: the document is not a concept, or has values that are not allowed.
    """
    try:
        members = json.loads(text)
        if not isinstance(members, dict):
            raise ValueError("it is no JSON object")
        document = read(SharedConcept, members)
        if document.kind != KIND or document.version != VERSION:
            raise ValueError(f"it is {document.kind!r}, version {document.version!r}")
        check_name(document.name)
        concept = Concept(
            document.name,
            tuple(_word(word) for word in document.words),
            tuple(_mark(mark) for mark in document.marks),
            {vector.space[:200]: _vector(vector.float16) for vector in document.vectors},
        )
        if len(concept.words) > MAX_TERMS or len(concept.marks) > MAX_MARKS:
            raise ValueError("it has more words or marks than a query may have")
    except (ValueError, RecursionError, BadQuery) as error:
        raise BadSource(
            "concept-file-invalid",
            "this is no concept that can be imported: {error}; "
            "take a file that limn concept export wrote",
            error=error,
        ) from error
    return concept


def _parts(engine: Engine, query: Query) -> tuple[tuple[TextTerm, ...], tuple[ConceptMark, ...]]:
    words: list[TextTerm] = []
    marks: dict[str, ConceptMark] = {}
    ids = dict.fromkeys(query.more, True) | dict.fromkeys(query.less, False)
    for term in query.terms:
        match term:
            case TextTerm():
                words.append(term)
            case IndexedTerm():
                ids.setdefault(term.picture_id, term.weight > 0)
            case ConceptTerm():
                concept = engine.catalog.concepts.one(term.name)
                words += [replace(word, weight=word.weight * term.weight) for word in concept.words]
                for mark in concept.marks:
                    copy = replace(mark, more=mark.more == (term.weight > 0))
                    marks[mark.content_hash] = copy
            case _:
                raise BadQuery(
                    "concept-of-query-image",
                    "a picture that was sent can't be stored in a concept; index it, and mark it",
                )
    pictures = engine.catalog.pictures.by_id(list(ids))
    for picture_id, more in ids.items():
        if picture_id in pictures:
            picture = pictures[picture_id]
            marks[picture.content_hash] = ConceptMark(
                picture.content_hash, more, picture.path.name.encode("utf-8", "replace").decode()
            )
    return tuple(words), tuple(marks.values())


def _word(word: Words) -> TextTerm:
    check_words(word.text)
    check_weight(word.weight)
    return TextTerm(word.text, word.weight)


def _mark(mark: SharedMark) -> ConceptMark:
    if not re.fullmatch(r"([0-9a-f]{2}){16,32}", mark.content_hash):
        raise ValueError(f"the content_hash of a mark is {quote(mark.content_hash)}")
    return ConceptMark(mark.content_hash, mark.more, mark.file[:500])


def _vector(text: str) -> Vectors:
    try:
        row = np.frombuffer(base64.b64decode(text, validate=True), "<f2").astype(np.float32)
    except binascii.Error as error:
        raise ValueError("a vector is not base64") from error
    length = float(np.linalg.norm(row)) if 0 < len(row) <= MAX_WIDTH else 0.0
    if not abs(length - 1) < 0.01:
        raise ValueError("a vector is not of unit length")
    return row
