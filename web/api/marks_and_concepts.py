"""The JSON API of what people say of answers: marks, and concepts made of them."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, request

from search.catalog.records import Concept
from search.concepts import exported, imported, keep
from search.errors import BadQuery
from search.query.checks import check_marks
from web.api.schemas import feedback as schemas
from web.links import API
from web.requests.query_form import document_of, query_of_document, switch, text_of
from web.route import JSON, route
from web.state import engine

feedback = Blueprint("feedback", __name__, url_prefix=API)

CONCEPT = "/concepts/<name>"


@route(feedback, "/marks", answers=schemas.Marks)
def marks() -> dict[str, Any]:
    """Every mark that is kept, the first made first."""
    found = engine().catalog.marks.all()
    return {"marks": [asdict(each) for each in found]}


@route(feedback, "/marks", "POST", answers=schemas.Stored, takes={JSON: schemas.MarkDocument})
def mark() -> dict[str, Any]:
    """Keep that pictures answer a question, or do not; marked again, a picture changes sides."""
    query, _ = query_of_document(document_of(request.get_data()))
    check_marks(query)
    if not query.more and not query.less:
        raise BadQuery("nothing is marked; name pictures by id in more or less")
    return {"stored": engine().catalog.marks.store(query)}


@route(feedback, "/concepts", answers=schemas.Concepts)
def concepts() -> dict[str, Any]:
    """The concepts, by name."""
    return {"concepts": [_told(each) for each in engine().catalog.concepts.all()]}


@route(
    feedback,
    "/concepts",
    "POST",
    answers=schemas.ConceptSummary,
    takes={JSON: schemas.ConceptDocument},
)
def keep_concept() -> dict[str, Any]:
    """Keep a question's words, pictures and marks under a name."""
    document = document_of(request.get_data())
    name = text_of("name", document.pop("name", ""))
    replace = switch("replace", document.pop("replace", False))
    query, _ = query_of_document(document)
    return _told(keep(engine(), name, query, replace))


@route(feedback, CONCEPT, answers=schemas.SharedConcept)
def concept(name: str) -> dict[str, Any]:
    """A concept as a document that another catalog imports."""
    return exported(engine().catalog.concepts.one(name))


@route(
    feedback,
    "/concepts/import",
    "POST",
    answers=schemas.ConceptSummary,
    takes={JSON: schemas.SharedConcept},
)
def import_concept() -> dict[str, Any]:
    """Take a concept that another catalog exported."""
    taken = imported(request.get_data())
    engine().catalog.concepts.keep(taken)
    return _told(taken)


@route(feedback, CONCEPT, "DELETE", status=204)
def forget_concept(name: str) -> Response:
    """Forget a concept; no picture is touched."""
    engine().catalog.concepts.remove(name)
    return Response(status=204)


def _told(concept: Concept) -> dict[str, Any]:
    more = sum(each.more for each in concept.marks)
    return {
        "name": concept.name,
        "words": [{"text": each.text, "weight": each.weight} for each in concept.words],
        "more": more,
        "less": len(concept.marks) - more,
        "spaces": sorted(concept.vectors),
    }
