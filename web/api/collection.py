"""Collections over the API: listed, made of a folder or of files, renamed, removed."""

from collections.abc import Sequence

from flask import Blueprint, current_app, request
from msgspec import structs

from search.catalog.jobs import Job
from search.documents.collection import (
    Again,
    Collection,
    Collections,
    Failure,
    Failures,
    FolderFields,
    Folders,
    Forgotten,
    Missing,
    MissingFolder,
    NewCollection,
    Removed,
    Renamed,
    SentCollection,
    SentFiles,
)
from search.documents.facets import FacetFields, Facets
from search.documents.from_facets import facets_document
from search.documents.from_jobs import job_document
from search.documents.from_records import collection_document
from search.documents.jobs import JobList, NotTaken, QueuedJob
from search.documents.reading import read_texts
from search.query.filters.grammar import parse
from search.text.printable import printable
from web.api.openapi import error_sources as sources
from web.links import API
from web.requests.json_body import read_body
from web.requests.multipart import read_form
from web.requests.query_form import FORM_TYPES, Fields
from web.route import JSON, route
from web.services import uploads
from web.services.uploads import Upload
from web.state import engine, state

collections = Blueprint("collections", __name__, url_prefix=API)

COLLECTION = "/collections/<name>"

# A page shows what failed, not all of it; `limn failures` lists every file.
MAX_FAILURES = 1_000

ACCEPTED = {202: "Queued: follow the job."}


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
        return _job_answer(
            state().collections.from_folder(new.name, new.folder, new.encoder), []
        ), 202
    return _job_answer(*state().collections.from_files(_receive)), 202


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
    raises=sources.FILTERS,
)
def facets(name: str) -> Facets:
    """Count what a collection has.

    The counts are by date, camera, format, size, colour, folder, language, place, and by each
    further column. With a filter in `where`, only the pictures that pass it count.
    """
    where = read_texts(FacetFields, dict(request.args.lists())).where
    return facets_document(engine().facets([name], parse(where) if where else None))


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


@route(
    collections,
    f"{COLLECTION}/files",
    "POST",
    answers=QueuedJob,
    takes={FORM_TYPES[0]: SentFiles},
    status=202,
    files=True,
    urgency="bulk",
    raises=sources.UPLOADS,
)
def send(name: str) -> tuple[QueuedJob, int]:
    """Add files to a collection.

    The files come in a form: pictures, films, zip or tar archives, and captions.csv. The answer is
    the job that reads them, with the files that the server did not take.
    """
    return _job_answer(*state().collections.from_files(_receive, name)), 202


@route(
    collections,
    f"{COLLECTION}/index",
    "POST",
    answers=JobList,
    takes={JSON: Again},
    status=202,
    raises=("web.services.collection_admin:again",),
)
def index(name: str) -> tuple[JobList, int]:
    """Look for new and changed files of a collection.

    Limn reads again what the collection was made of. With `retry`, it also tries the files again
    that could not be read.
    """
    retry = read_body(Again, request.get_data()).retry
    return JobList(tuple(map(job_document, state().collections.again(name, retry)))), 202


@route(collections, f"{COLLECTION}/failures", answers=Failures)
def failures(name: str) -> Failures:
    """List the files that could not be read.

    Each has the reason, in words and as a code. The list has the first 1,000 of a collection.
    """
    collection = engine().catalog.collections.one(name)
    rows = engine().catalog.failures.of(collection.id)
    files = tuple(
        Failure(printable(str(each.path)), each.reason, str(printable(each.detail)))
        for each in rows[:MAX_FAILURES]
    )
    return Failures(files, len(rows) - len(files))


@route(collections, f"{COLLECTION}/missing", answers=Missing)
def missing(name: str) -> Missing:
    """Count the pictures whose files are missing.

    Limn keeps a picture whose file was not found, until the file is back or you remove the
    picture. The counts are by folder.
    """
    collection = engine().catalog.collections.one(name)
    counts = engine().catalog.files(collection).missing_folders()
    rows = tuple(
        MissingFolder(printable(str(folder)), number)
        for folder, number in list(counts.items())[:MAX_FAILURES]
    )
    return Missing(sum(counts.values()), rows, len(counts) - len(rows))


@route(
    collections,
    f"{COLLECTION}/missing",
    "DELETE",
    answers=Forgotten,
    scope="admin",
    raises=sources.BUSY,
)
def forget_missing(name: str) -> Forgotten:
    """Remove the pictures whose files are missing.

    There is no way back. A file that comes back is a new picture with another number.
    """
    return Forgotten(engine().forget_missing(name))


@route(
    collections,
    "/folders",
    answers=Folders,
    fields=FolderFields,
    scope="write",
    raises=("web.services.server_folders",),
)
def folders() -> Folders:
    """List the folders of the server that a collection may be made of.

    The operator of the server names the folders. Without `path`, the answer has these; with it, the
    folders in one of them.
    """
    path = read_texts(FolderFields, dict(request.args.lists())).path
    if not path:
        roots = tuple(printable(str(root)) for root in state().roots.all)
        return Folders(path=None, above=None, folders=roots, pictures=0)
    listing = state().roots.listing(path)
    return Folders(
        path=printable(str(listing.path)),
        above=None if listing.above is None else printable(str(listing.above)),
        folders=tuple(printable(str(folder)) for folder in listing.folders),
        pictures=listing.pictures,
    )


def _receive(upload: Upload) -> Fields:
    """Write the request's files into drafts; return the form's other fields."""
    return read_form(request, upload.open, current_app.config["MAX_SENT_LENGTH"])


def _job_answer(job: Job, refusals: Sequence[uploads.RefusedFile]) -> QueuedJob:
    """Return a job with the refused files of its upload."""
    files = tuple(NotTaken(each.name, each.reason) for each in refusals)
    return QueuedJob(**structs.asdict(job_document(job)), refused=files)
