"""The pages of collections: all of them, making one, and one with its jobs and failures."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast, get_args

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from search.catalog.records import Failure
from search.errors import BadSetting, BadSource, NotFound
from search.query.records import Hit
from web.api.jobs import rows
from web.pages.chips import query_of
from web.pages.refused_forms import comes_back
from web.requests.query_form import LARGEST_ID
from web.requests.search_url import Asked
from web.services import collection_admin
from web.services.server_folders import Listing
from web.services.uploads import NotTaken, Reason
from web.state import engine, state

gathering_pages = Blueprint("gathering_pages", __name__)

# What a page shows of each; the API and the command line have the rest.
FAILURES_SHOWN = 100
JOBS_SHOWN = 8
FOLDERS_SHOWN = 10
NEWEST_SHOWN = 12

# An address that names more files would be too long for some servers in between.
NAMED = 20


@gathering_pages.get("/collections")
def every() -> str:
    """Every collection, and those that are being made."""
    return _page("collections.html", gathered=collection_admin.everything())


@gathering_pages.get("/add")
def add() -> str:
    """Make a collection of a folder, which is chosen here, or of files."""
    return _add(request.args.get("folder", ""))


@gathering_pages.post("/collections")
def make() -> Response:
    """Queue what the form of `add` asks for, and go where it can be watched."""
    return _of_files() if request.mimetype == "multipart/form-data" else _of_folder()


@comes_back("files", add, "files", name=BadSetting)
def _of_files() -> Response:
    job, refused = collection_admin.from_files()
    return _to(job.name, refused)


def _add_of_folder() -> str:
    """Return the page of `add` with the folder that was asked for, where that may be shown."""
    try:
        return _add(request.form.get("folder", ""))
    except (BadSource, NotFound):
        return _add("")


@comes_back("folder", _add_of_folder, "folder", name=BadSetting)
def _of_folder() -> Response:
    name, folder = request.form.get("name", "").strip(), request.form.get("folder", "")
    return _to(collection_admin.from_folder(name, folder).name)


@gathering_pages.get("/collections/<name>")
def one(name: str) -> str:
    """One collection: what it holds, what is being done, what failed."""
    gathered = collection_admin.one(name)
    failures: list[Failure] = []
    if gathered.summary is not None and gathered.summary.failures:
        collection = engine().catalog.collections.one(name)
        failures = engine().catalog.failures.of(collection.id)[:FAILURES_SHOWN]
    missing: list[tuple[Path, int]] = []
    if gathered.summary is not None and gathered.summary.missing:
        collection = engine().catalog.collections.one(name)
        missing = list(engine().catalog.files(collection).missing_folders().items())
    return _page(
        "collection.html",
        gathered=gathered,
        newest=_newest(name) if gathered.summary is not None and gathered.summary.pictures else (),
        jobs=rows().of(name, JOBS_SHOWN),
        failures=failures,
        missing=missing[:FOLDERS_SHOWN],
        more_missing=len(missing[FOLDERS_SHOWN:]),
        not_taken_files=_not_taken(),
        passed=request.args.get("passed", type=int),
    )


@gathering_pages.post("/collections/<name>/files")
@comes_back("files", one, "files")
def send(name: str) -> Response:
    """Add files to a collection."""
    _, refused = collection_admin.from_files(name)
    return _to(name, refused)


@gathering_pages.post("/collections/<name>/index")
@comes_back("index", one)
def index(name: str) -> Response:
    """Look for changes, or try again what failed."""
    collection_admin.again(name, "retry" in request.form)
    return _to(name)


@gathering_pages.post("/collections/<name>/rename")
@comes_back("rename", one)
def rename(name: str) -> Response:
    """Give a collection another name."""
    new = request.form.get("name", "").strip()
    engine().rename(name, new)
    return _to(new)


@gathering_pages.post("/collections/<name>/forget-missing")
def forget_missing(name: str) -> Response:
    """Forget the pictures whose files were not found."""
    engine().forget_missing(name)
    return _to(name)


@gathering_pages.get("/collections/<name>/remove")
def ask_to_remove(name: str) -> str:
    """Ask once more before a collection is forgotten."""
    return _page(
        "remove.html", gathered=collection_admin.one(name), sent=collection_admin.was_sent(name)
    )


@gathering_pages.post("/collections/<name>/remove")
@comes_back("remove", ask_to_remove)
def remove(name: str) -> Response:
    """Forget a collection."""
    collection_admin.remove(name)
    return redirect(url_for("gathering_pages.every"), 303)


@gathering_pages.post(f"/jobs/<int(max={LARGEST_ID}):job_id>/cancel")
def cancel(job_id: int) -> Response:
    """End a job."""
    return _to(rows().cancel(job_id).name)


def _add(folder: str) -> str:
    roots = state().roots.all
    named = folder or (str(roots[0]) if len(roots) == 1 else "")
    listing: Listing | None = state().roots.listing(named) if named else None
    return _page("add.html", roots=roots, listing=listing, name=request.args.get("name", ""))


def _to(name: str, refused: list[NotTaken] | None = None) -> Response:
    """Go to a collection's page, which tells of the files that were not taken."""
    told = [f"{each.reason} {each.name[:80]}" for each in (refused or [])[:NAMED]]
    address = url_for(
        "gathering_pages.one", name=name, refused=told, passed=len(refused or ()) or None
    )
    return redirect(address, 303)


def _newest(name: str) -> Sequence[Hit]:
    """Return the newest pictures of a collection, as they come in."""
    return engine().answer(query_of(Asked(collection=name), NEWEST_SHOWN, 0)).hits


def _not_taken() -> list[NotTaken]:
    """Return the files that the address names as not taken."""
    pairs = (each.partition(" ") for each in request.args.getlist("refused")[:NAMED])
    return [
        NotTaken(name, cast(Reason, reason))
        for reason, _, name in pairs
        if reason in get_args(Reason)
    ]


def _page(template: str, **shown: object) -> str:
    names = [each.name for each in engine().collections()]
    return render_template(
        template, asked=Asked(), chips=[], names=names, foreman=state().foreman, **shown
    )
