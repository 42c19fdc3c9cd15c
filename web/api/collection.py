"""Collections over the API: listed, made of a folder or of files, renamed, removed."""

from collections.abc import Sequence

from flask import Blueprint, current_app, request
from msgspec import structs

from search.catalog.jobs import Job
from search.documents.collection import (
    Collection,
    Collections,
    NewCollection,
    Removed,
    Renamed,
    SentCollection,
)
from search.documents.facets import FacetFields, Facets
from search.documents.from_facets import facets_document
from search.documents.from_jobs import job_document
from search.documents.from_records import collection_document
from search.documents.jobs import NotTaken, QueuedJob
from search.facets.choices import without_facet
from web.api.openapi import error_sources as sources
from web.links import API
from web.requests.json_body import read_body
from web.requests.multipart import read_form
from web.requests.query_form import FORM_TYPES, Fields, query_of_facets
from web.route import JSON, route
from web.services import uploads
from web.services.uploads import Upload
from web.state import engine, state

collections = Blueprint("collections", __name__, url_prefix=API)

COLLECTION = "/collections/<name>"


@route(collections, "/collections", answers=Collections, endpoint="listed")
def list_collections() -> Collections:
    """List the collections.

    Each has its name, its number of pictures and captions, and how many files could not be read.
    """
    return Collections(tuple(map(collection_document, engine().summaries())))


@route(
    collections,
    "/collections",
    "POST",
    answers=QueuedJob,
    takes={JSON: NewCollection, FORM_TYPES[0]: SentCollection},
    status=202,
    files=True,
    urgency="bulk",
    raises=(
        *sources.UPLOADS,
        "web.services.server_folders:folder",
        "web.services.encoder_pairs:choose",
    ),
)
def make() -> tuple[QueuedJob, int]:
    """Make a collection, or add to one.

    Send pictures, films, zip or tar archives in a form, or name a folder on the server in a JSON
    document. The answer is a job, which reads the pictures; follow it to see how far it is.
    """
    if request.is_json:
        new = read_body(NewCollection, request.get_data())
        return job_answer(
            state().collections.from_folder(new.name, new.folder, new.encoder), []
        ), 202
    return job_answer(*state().collections.from_files(receive)), 202


@route(collections, COLLECTION, answers=Collection)
def one(name: str) -> Collection:
    """Show a collection.

    The answer has its number of pictures and captions, its encoder pair, and its size.
    """
    return collection_document(engine().summaries([name])[0])


@route(
    collections,
    f"{COLLECTION}/facets",
    answers=Facets,
    fields=FacetFields,
    raises=(*sources.SEARCH, *sources.PICTURES),
)
def facets(name: str) -> Facets:
    """Count what a collection has, or what an answer in it has.

    The counts are by date, camera, format, size, colour, folder, language, place, and by each
    further column. With a filter in `where`, only the pictures that pass it count. With words or
    pictures, as a search has them, only the hits that are sure enough count: each value says how
    many of them its filter would leave.
    """
    query = query_of_facets(request.args, name)
    filters = without_facet(query.where, "")
    return facets_document(state().answer_facets.facets(query, filters))


@route(
    collections,
    COLLECTION,
    "PATCH",
    answers=Collection,
    takes={JSON: Renamed},
    raises=(
        *sources.BUSY,
        "search.catalog.collection:rename",
        "search.catalog.collection:check_name",
    ),
)
def rename(name: str) -> Collection:
    """Rename a collection.

    Its pictures, and the numbers of the pictures, stay the same.
    """
    new = read_body(Renamed, request.get_data()).name
    engine().rename(name, new)
    return collection_document(engine().summaries([new])[0])


@route(
    collections,
    COLLECTION,
    "DELETE",
    answers=Removed,
    scope="admin",
    raises=sources.BUSY,
)
def remove(name: str) -> Removed:
    """Remove a collection.

    Files that were sent to the server for it are deleted. Files in folders of the server stay.
    """
    state().collections.remove(name)
    return Removed(name)


def receive(upload: Upload) -> Fields:
    """Write the request's files into drafts; return the form's other fields."""
    return read_form(request, upload.open, current_app.config["MAX_SENT_LENGTH"])


def job_answer(job: Job, refusals: Sequence[uploads.RefusedFile]) -> QueuedJob:
    """Return a job with the refused files of its upload."""
    files = tuple(NotTaken(each.name, each.reason) for each in refusals)
    return QueuedJob(**structs.asdict(job_document(job)), refused=files)
