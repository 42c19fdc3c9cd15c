"""Collections over the API: listed, made of a folder or of files, renamed, removed."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from flask import Blueprint, current_app, request

from search.catalog.jobs import Job
from search.documents.from_records import collection_json, facets_json
from search.documents.jobs import job_json
from search.errors import BadQuery
from search.filters.grammar import parse
from search.text.printable import printable
from web.api.schemas import collection as schemas
from web.api.schemas.facets import FacetFields, Facets
from web.links import API
from web.requests.json_body import members
from web.requests.multipart import read_form
from web.requests.query_form import FORM_TYPES, Fields, refuse_unknown
from web.route import JSON, route
from web.services.uploads import NotTaken, Sent
from web.state import engine, state

collections = Blueprint("collections", __name__, url_prefix=API)

COLLECTION = "/collections/<name>"

# A page shows what failed, not all of it; `limn failures` lists every file.
MOST_FAILURES = 1_000

ACCEPTED = {202: "Queued: follow the job."}


@route(collections, "/collections", answers=schemas.Collections)
def listed() -> dict[str, Any]:
    """What there is to search."""
    return {"collections": [collection_json(each) for each in engine().summaries()]}


@route(
    collections,
    "/collections",
    "POST",
    answers=schemas.QueuedJob,
    takes={JSON: schemas.NewCollection, FORM_TYPES[0]: schemas.SentCollection},
    status=202,
    files=True,
    urgency="bulk",
)
def make() -> tuple[dict[str, Any], int]:
    """Make a collection of a folder on the server, or of files that are sent; or add to one.

    The job that is answered does the work; a collection is there from its beginning.
    """
    if request.is_json:
        document = members(request.get_data(), "name", "folder")
        name, folder = _words(document, "name"), _words(document, "folder")
        return _queued(state().collections.from_folder(name, folder), []), 202
    return _queued(*state().collections.from_files(_receive)), 202


@route(collections, COLLECTION, answers=schemas.Collection)
def one(name: str) -> dict[str, Any]:
    """One collection, and how much it holds."""
    return collection_json(engine().summaries([name])[0])


@route(collections, f"{COLLECTION}/facets", answers=Facets, fields=FacetFields)
def facets(name: str) -> dict[str, Any]:
    """What a collection holds under a filter: dates, cameras, colours, folders, columns, places."""
    refuse_unknown(request.args, ("where",))
    where = request.args.get("where")
    return facets_json(engine().facets([name], parse(where) if where else None))


@route(collections, COLLECTION, "PATCH", answers=schemas.Collection, takes={JSON: schemas.Renamed})
def rename(name: str) -> dict[str, Any]:
    """Give a collection another name."""
    new = _words(members(request.get_data(), "name"), "name")
    engine().rename(name, new)
    return collection_json(engine().summaries([new])[0])


@route(collections, COLLECTION, "DELETE", answers=schemas.Removed, scope="admin")
def remove(name: str) -> dict[str, Any]:
    """Forget a collection: files that were sent for it are deleted, files elsewhere stay."""
    state().collections.remove(name)
    return {"removed": name}


@route(
    collections,
    f"{COLLECTION}/files",
    "POST",
    answers=schemas.QueuedJob,
    takes={FORM_TYPES[0]: schemas.SentFiles},
    status=202,
    files=True,
    urgency="bulk",
)
def send(name: str) -> tuple[dict[str, Any], int]:
    """Add files to a collection."""
    return _queued(*state().collections.from_files(_receive, name)), 202


@route(
    collections,
    f"{COLLECTION}/index",
    "POST",
    answers=schemas.JobList,
    takes={JSON: schemas.Again},
    status=202,
)
def index(name: str) -> tuple[dict[str, Any], int]:
    """Look for changes in what a collection was made of, or try files again that failed."""
    retry = members(request.get_data(), "retry").get("retry", False)
    if not isinstance(retry, bool):
        raise BadQuery(f"retry is {retry!r}; it may be true or false")
    return {"jobs": [job_json(each) for each in state().collections.again(name, retry)]}, 202


@route(collections, f"{COLLECTION}/failures", answers=schemas.Failures)
def failures(name: str) -> dict[str, Any]:
    """The files of a collection that could not be indexed, with the reasons."""
    collection = engine().catalog.collections.one(name)
    found = engine().catalog.failures.of(collection.id)
    told = [
        {"path": printable(str(each.path)), "reason": each.reason, "detail": printable(each.detail)}
        for each in found[:MOST_FAILURES]
    ]
    return {"failures": told, "more": len(found) - len(told)}


@route(collections, f"{COLLECTION}/missing", answers=schemas.Missing)
def missing(name: str) -> dict[str, Any]:
    """The pictures of a collection whose files were not found, counted by folder."""
    collection = engine().catalog.collections.one(name)
    counts = engine().catalog.files(collection).missing_folders()
    told = [
        {"path": printable(str(folder)), "pictures": number}
        for folder, number in list(counts.items())[:MOST_FAILURES]
    ]
    return {
        "missing": sum(counts.values()),
        "folders": told,
        "more": len(counts) - len(told),
    }


@route(collections, f"{COLLECTION}/missing", "DELETE", answers=schemas.Forgotten, scope="admin")
def forget_missing(name: str) -> dict[str, Any]:
    """Forget the pictures of a collection whose files were not found."""
    return {"forgotten": engine().forget_missing(name)}


@route(collections, "/folders", answers=schemas.Folders, fields=schemas.FolderFields, scope="write")
def folders() -> dict[str, Any]:
    """The folders that a collection may be made of."""
    refuse_unknown(request.args, ("path",))
    path = request.args.get("path")
    if not path:
        roots = [printable(str(each)) for each in state().roots.all]
        return {"path": None, "above": None, "folders": roots, "pictures": 0}
    found = state().roots.listing(path)
    return {
        "path": printable(str(found.path)),
        "above": None if found.above is None else printable(str(found.above)),
        "folders": [printable(str(each)) for each in found.folders],
        "pictures": found.pictures,
    }


def _receive(sent: Sent) -> Fields:
    """Write the request's files into drafts and return the other fields of its form."""
    return read_form(request, sent.open, current_app.config["MAX_SENT_LENGTH"])


def _queued(job: Job, refused: Sequence[NotTaken]) -> dict[str, Any]:
    """Return a job with the files that were sent for it and not taken."""
    return {**job_json(job), "refused": [asdict(each) for each in refused]}


def _words(document: dict[str, Any], field: str) -> str:
    value = document.get(field)
    if not isinstance(value, str):
        raise BadQuery(f"{field} is {value!r}; it must be a text")
    return value
