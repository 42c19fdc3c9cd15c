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
from web.links import API
from web.requests.json_body import object_of
from web.requests.query_form import query_of_document, words
from web.route import JSON, route
from web.state import engine

feedback = Blueprint("feedback", __name__, url_prefix=API)

CONCEPT = "/concepts/<name>"


@route(feedback, "/marks", answers=Marks)
def marks() -> Marks:
    """Every mark that is kept, the first made first."""
    return Marks(tuple(map(mark_document, engine().catalog.marks.all())))


@route(feedback, "/marks", "POST", answers=Stored, takes={JSON: MarkDocument})
def mark() -> Stored:
    """Keep that pictures answer a question, or do not; marked again, a picture changes sides."""
    query, _ = query_of_document(object_of(request.get_data()))
    check_marks(query)
    if not query.more and not query.less:
        raise BadQuery("marks-needed-api", "nothing is marked; name pictures by id in more or less")
    return Stored(engine().catalog.marks.store(query))


@route(feedback, "/concepts", answers=Concepts)
def concepts() -> Concepts:
    """Return the concepts, by name."""
    return Concepts(tuple(map(concept_document, engine().catalog.concepts.all())))


@route(
    feedback,
    "/concepts",
    "POST",
    answers=ConceptSummary,
    takes={JSON: ConceptDocument},
)
def keep_concept() -> ConceptSummary:
    """Keep a question's words, pictures and marks under a name."""
    members = object_of(request.get_data())
    own: dict[str, Any] = {
        name: members.pop(name) for name in ("name", "replace") if name in members
    }
    concept = read(ConceptDocument, own)
    query, _ = query_of_document(members)
    return concept_document(keep(engine(), words(concept.name), query, concept.replace))


@route(feedback, CONCEPT, answers=SharedConcept)
def concept(name: str) -> SharedConcept:
    """Return a concept as a document that another catalog imports."""
    return export_concept(engine().catalog.concepts.one(name))


@route(
    feedback,
    "/concepts/import",
    "POST",
    answers=ConceptSummary,
    takes={JSON: SharedConcept},
)
def import_concept() -> ConceptSummary:
    """Take a concept that another catalog exported."""
    concept = read_concept(request.get_data())
    engine().catalog.concepts.keep(concept)
    return concept_document(concept)


@route(feedback, CONCEPT, "DELETE", status=204)
def forget_concept(name: str) -> Response:
    """Forget a concept; no picture is touched."""
    engine().catalog.concepts.remove(name)
    return Response(status=204)
