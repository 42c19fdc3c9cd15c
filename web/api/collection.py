"""Collections over the API: listed, made of a folder or of files, renamed, removed."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from flask import Blueprint, request

from search.catalog.jobs import Job
from search.documents.from_records import collection_json, facets_json, printable
from search.errors import BadQuery
from search.filters.grammar import parse
from web.api.jobs import job_json
from web.api.openapi import JSON, describe
from web.api.schemas import collection as schemas
from web.api.schemas.facets import FacetFields, Facets
from web.links import API
from web.requests.json_body import members
from web.requests.query_form import FORM_TYPES, refuse_unknown
from web.services import collection_admin
from web.services.uploads import NotTaken
from web.state import engine, state

collections = Blueprint("collections", __name__, url_prefix=API)

COLLECTION = "/collections/<name>"

# A page shows what failed, not all of it; `limn failures` lists every file.
MOST_FAILURES = 1_000

ACCEPTED = {202: "Queued: follow the job."}


@collections.get("/collections")
@describe(schemas.Collections)
def listed() -> dict[str, Any]:
    """What there is to search."""
    return {"collections": [collection_json(each) for each in engine().summaries()]}


@collections.post("/collections")
@describe(
    schemas.QueuedJob,
    takes={JSON: schemas.NewCollection, FORM_TYPES[0]: schemas.SentCollection},
    status=202,
)
def make() -> tuple[dict[str, Any], int]:
    """Make a collection of a folder on the server, or of files that are sent; or add to one.

    The job that is answered does the work; a collection is there from its beginning.
    """
    if request.is_json:
        document = members("name", "folder")
        job = collection_admin.from_folder(_words(document, "name"), _words(document, "folder"))
        return _queued(job, []), 202
    return _queued(*collection_admin.from_files()), 202


@collections.get(COLLECTION)
@describe(schemas.Collection)
def one(name: str) -> dict[str, Any]:
    """One collection, and how much it holds."""
    return collection_json(engine().summaries([name])[0])


@collections.get(f"{COLLECTION}/facets")
@describe(Facets, fields=FacetFields)
def facets(name: str) -> dict[str, Any]:
    """What a collection holds under a filter: dates, cameras, colours, folders, columns, places."""
    refuse_unknown(request.args, ("where",))
    where = request.args.get("where")
    return facets_json(engine().facets([name], parse(where) if where else None))


@collections.patch(COLLECTION)
@describe(schemas.Collection, takes={JSON: schemas.Renamed})
def rename(name: str) -> dict[str, Any]:
    """Give a collection another name."""
    new = _words(members("name"), "name")
    engine().rename(name, new)
    return collection_json(engine().summaries([new])[0])


@collections.delete(COLLECTION)
@describe(schemas.Removed)
def remove(name: str) -> dict[str, Any]:
    """Forget a collection: files that were sent for it are deleted, files elsewhere stay."""
    collection_admin.remove(name)
    return {"removed": name}


@collections.post(f"{COLLECTION}/files")
@describe(schemas.QueuedJob, takes={FORM_TYPES[0]: schemas.SentFiles}, status=202)
def send(name: str) -> tuple[dict[str, Any], int]:
    """Add files to a collection."""
    return _queued(*collection_admin.from_files(name)), 202


@collections.post(f"{COLLECTION}/index")
@describe(schemas.JobList, takes={JSON: schemas.Again}, status=202)
def index(name: str) -> tuple[dict[str, Any], int]:
    """Look for changes in what a collection was made of, or try files again that failed."""
    retry = members("retry").get("retry", False)
    if not isinstance(retry, bool):
        raise BadQuery(f"retry is {retry!r}; it may be true or false")
    return {"jobs": [job_json(each) for each in collection_admin.again(name, retry)]}, 202


@collections.get(f"{COLLECTION}/failures")
@describe(schemas.Failures)
def failures(name: str) -> dict[str, Any]:
    """The files of a collection that could not be indexed, with the reasons."""
    collection = engine().catalog.collections.one(name)
    found = engine().catalog.failures.of(collection.id)
    told = [
        {"path": printable(str(each.path)), "reason": each.reason, "detail": printable(each.detail)}
        for each in found[:MOST_FAILURES]
    ]
    return {"failures": told, "more": len(found) - len(told)}


@collections.get(f"{COLLECTION}/missing")
@describe(schemas.Missing)
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


@collections.delete(f"{COLLECTION}/missing")
@describe(schemas.Forgotten)
def forget_missing(name: str) -> dict[str, Any]:
    """Forget the pictures of a collection whose files were not found."""
    return {"forgotten": engine().forget_missing(name)}


@collections.get("/folders")
@describe(schemas.Folders, fields=schemas.FolderFields)
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


def _queued(job: Job, refused: Sequence[NotTaken]) -> dict[str, Any]:
    """Return a job with the files that were sent for it and not taken."""
    return {**job_json(job), "refused": [asdict(each) for each in refused]}


def _words(document: dict[str, Any], field: str) -> str:
    value = document.get(field)
    if not isinstance(value, str):
        raise BadQuery(f"{field} is {value!r}; it must be a text")
    return value
