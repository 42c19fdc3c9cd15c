"""Concepts: keeping a question under a name, and the documents by which catalogs share them."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import regex

from search.catalog.records import Concept, ConceptMark
from search.engine import Engine
from search.errors import BadQuery, BadSource
from search.query.checks import MOST_MARKS, MOST_NAME, MOST_TERMS, check_weight, check_words
from search.query.records import ConceptTerm, IndexedTerm, Query, TextTerm
from search.records import Vectors

KIND, VERSION = "limn concept", 1

NAME = regex.compile(r"[\w\p{M}-]+")
"""What `concept:NAME` can name among other words."""

# The widest vectors of the pairs that open_clip knows have 1,280 dimensions.
MOST_WIDTH = 16_384


def check_name(name: str) -> None:
    """Refuse a name that could not be written in a search; raises BadQuery."""
    if not NAME.fullmatch(name) or len(name) > MOST_NAME:
        raise BadQuery(
            f"a concept can't be named {name[:100]!r}; use letters, digits, - and _, "
            f"{MOST_NAME} at most"
        )


def keep(engine: Engine, name: str, query: Query, replacing: bool = False) -> Concept:
    """Keep what a question asks for as a concept: its words, its marks and its pictures.

    Pictures that it searches by count as marks, more or less by the sign of their weight; what
    concepts among its terms hold is taken over. Its vector is kept beside them, as made now.

    Raises:
        BadQuery: the name can't be, nothing is asked, or a picture was sent: only one that is
            indexed can be found again.
        NameTaken: there is a concept of that name, and it is not to be replaced.
        NotFound: a picture or a concept is gone.
    """
    check_name(name)
    words, marks = _parts(engine, query)
    space_id, vector = engine.vector_of(query)
    concept = Concept(name, words, marks, {space_id: vector})
    engine.catalog.concepts.keep(concept, replacing)
    return concept


def exported(concept: Concept) -> dict[str, Any]:
    """A concept as a document that another catalog takes."""
    return {
        "kind": KIND,
        "version": VERSION,
        "name": concept.name,
        "words": [{"text": each.text, "weight": each.weight} for each in concept.words],
        "marks": [
            {"content_hash": each.content_hash, "more": each.more, "file": each.file}
            for each in concept.marks
        ],
        "vectors": [
            {"space": space_id, "float16": base64.b64encode(row.astype("<f2").tobytes()).decode()}
            for space_id, row in sorted(concept.vectors.items())
        ],
    }


def imported(text: str | bytes) -> Concept:
    """The concept of a document.

    Raises:
        BadSource: it is none, or was changed by hand into one that can't be.
    """
    try:
        document = json.loads(text)
        if document["kind"] != KIND or document["version"] != VERSION:
            raise ValueError(f"it is {document['kind']!r}, version {document['version']!r}")
        name = str(document["name"])
        check_name(name)
        concept = Concept(
            name,
            tuple(_word(each) for each in document["words"]),
            tuple(_mark(each) for each in document["marks"]),
            {str(each["space"])[:200]: _vector(each["float16"]) for each in document["vectors"]},
        )
        if len(concept.words) > MOST_TERMS or len(concept.marks) > MOST_MARKS:
            raise ValueError("it has more words or marks than a query may have")
    except (ValueError, TypeError, KeyError, RecursionError, BadQuery) as error:
        told = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else error
        raise BadSource(
            f"this is no concept that can be imported: {told}; "
            "take a file that limn concept export wrote"
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
                held = engine.catalog.concepts.one(term.name)
                words += [replace(each, weight=each.weight * term.weight) for each in held.words]
                for mark in held.marks:
                    turned = replace(mark, more=mark.more == (term.weight > 0))
                    marks[mark.content_hash] = turned
            case _:
                raise BadQuery(
                    "a picture that was sent can't be kept in a concept; index it, and mark it"
                )
    found = engine.catalog.pictures.by_id(list(ids))
    for picture_id, more in ids.items():
        if picture_id in found:
            picture = found[picture_id]
            marks[picture.content_hash] = ConceptMark(
                picture.content_hash, more, picture.path.name.encode("utf-8", "replace").decode()
            )
    return tuple(words), tuple(marks.values())


def _word(document: Mapping[str, Any]) -> TextTerm:
    text, weight = str(document["text"]), float(document["weight"])
    check_words(text)
    check_weight(weight)
    return TextTerm(text, weight)


def _mark(document: Mapping[str, Any]) -> ConceptMark:
    content_hash, more = str(document["content_hash"]), document["more"]
    if not re.fullmatch(r"([0-9a-f]{2}){16,32}", content_hash) or not isinstance(more, bool):
        raise ValueError(f"a mark is {document!r}")
    return ConceptMark(content_hash, more, str(document.get("file", ""))[:500])


def _vector(text: str) -> Vectors:
    try:
        row = np.frombuffer(base64.b64decode(text, validate=True), "<f2").astype(np.float32)
    except binascii.Error as error:
        raise ValueError("a vector is not base64") from error
    length = float(np.linalg.norm(row)) if 0 < len(row) <= MOST_WIDTH else 0.0
    if not abs(length - 1) < 0.01:
        raise ValueError("a vector is not of unit length")
    return row
