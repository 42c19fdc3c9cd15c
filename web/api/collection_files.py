"""The files of collections over the API: sent, looked for again, failed, missing, and to choose."""

from flask import request

from search.documents.collection import (
    Again,
    Failure,
    Failures,
    FolderFields,
    Folders,
    Forgotten,
    Missing,
    MissingFolder,
    SentFiles,
)
from search.documents.from_jobs import job_document
from search.documents.jobs import JobList, QueuedJob
from search.documents.reading import read_texts
from search.text.printable import printable
from web.api.collection import COLLECTION, collections, job_answer, receive
from web.api.openapi import error_sources as sources
from web.requests.json_body import read_body
from web.requests.query_form import FORM_TYPES
from web.route import JSON, route
from web.state import engine, state

__all__ = ["collections"]  # the blueprint, with these routes too

# A page shows what failed, not all of it; `limn failures` lists every file.
MAX_FAILURES = 1_000


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
    return job_answer(*state().collections.from_files(receive, name)), 202


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
