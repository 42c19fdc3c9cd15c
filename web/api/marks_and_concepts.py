"""The JSON API of relevance feedback: marks, and concepts made from marks."""

from typing import Any

from flask import Blueprint, Response, request

from search.concepts import export_concept, keep, read_concept
from search.documents.feedback import (
    ConceptDocument,
    Concepts,
    ConceptSummary,
    MarkDocument,
    Marks,
    SharedConcept,
    Stored,
)
from search.documents.from_saved import concept_document, mark_document
from search.documents.reading import read
from search.errors import BadQuery
from search.query.checks import check_marks
from web.api.openapi import error_sources as sources
from web.links import API
from web.requests.json_body import object_of
from web.requests.query_form import query_of_document, words
from web.route import JSON, route
from web.state import engine

feedback = Blueprint("feedback", __name__, url_prefix=API)

CONCEPT = "/concepts/<name>"


@route(feedback, "/marks", answers=Marks)
def marks() -> Marks:
    """List the marks.

    A mark says that a picture fits a search, or does not. The oldest mark comes first.
    """
    return Marks(tuple(map(mark_document, engine().catalog.marks.all())))


@route(
    feedback,
    "/marks",
    "POST",
    answers=Stored,
    takes={JSON: MarkDocument},
    raises=(*sources.MARKS, "web.api.marks_and_concepts:mark", "search.catalog.marks"),
)
def mark() -> Stored:
    """Mark pictures as fitting a search or not.

    Name the search by its `terms`, the pictures that fit in `more`, and those that do not in
    `less`. The last mark of a picture counts.
    """
    query, _ = query_of_document(object_of(request.get_data()))
    check_marks(query)
    if not query.more and not query.less:
        raise BadQuery("marks-needed-api", "nothing is marked; name pictures by id in more or less")
    return Stored(engine().catalog.marks.store(query))


@route(feedback, "/concepts", answers=Concepts)
def concepts() -> Concepts:
    """List the concepts.

    A concept is a meaning with a name, made of words, pictures and marks. Search by it with
    `concept`, or with `concept:NAME` among the words.
    """
    return Concepts(tuple(map(concept_document, engine().catalog.concepts.all())))


@route(
    feedback,
    "/concepts",
    "POST",
    answers=ConceptSummary,
    takes={JSON: ConceptDocument},
    raises=(
        *sources.SEARCH,
        *sources.MARKS,
        "search.concepts:check_name",
        "search.concepts:_parts",
        "search.catalog.concepts:keep",
    ),
)
def keep_concept() -> ConceptSummary:
    """Save a concept.

    Its meaning is that of the words, pictures and marks that you send.
    """
    members = object_of(request.get_data())
    own: dict[str, Any] = {
        name: members.pop(name) for name in ("name", "replace") if name in members
    }
    concept = read(ConceptDocument, own)
    query, _ = query_of_document(members)
    return concept_document(keep(engine(), words(concept.name), query, concept.replace))


@route(feedback, CONCEPT, answers=SharedConcept, raises=sources.CONCEPTS)
def concept(name: str) -> SharedConcept:
    """Export a concept.

    The answer is a document that another Limn can import.
    """
    return export_concept(engine().catalog.concepts.one(name))


@route(
    feedback,
    "/concepts/import",
    "POST",
    answers=ConceptSummary,
    takes={JSON: SharedConcept},
    raises=(
        "search.concepts:read_concept",
        "search.concepts:check_name",
        "search.catalog.concepts:keep",
    ),
)
def import_concept() -> ConceptSummary:
    """Import a concept.

    Send the document that another Limn has exported.
    """
    concept = read_concept(request.get_data())
    engine().catalog.concepts.keep(concept)
    return concept_document(concept)


@route(feedback, CONCEPT, "DELETE", status=204, raises=("search.catalog.concepts:remove",))
def forget_concept(name: str) -> Response:
    """Delete a concept.

    The pictures and marks that it was made of stay.
    """
    engine().catalog.concepts.remove(name)
    return Response(status=204)
