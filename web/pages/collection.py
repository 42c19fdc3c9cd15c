"""Pages of collections: the list, the form for a new one, and one with jobs and failures."""

from collections.abc import Sequence
from pathlib import Path

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from search.catalog.records import Failure
from search.errors import BadSetting, BadSource, NotFound
from search.query.limits import LARGEST_ID
from search.query.records import Hit
from web.pages.pair_card import pair_card
from web.pages.refused_forms import comes_back
from web.pages.sent_files import receive, refused_files, to_collection
from web.requests.search_url import SearchUrl
from web.route import route
from web.services.encoder_pairs import PairNotHere
from web.services.server_folders import Listing
from web.state import engine, state

collection_pages = Blueprint("collection_pages", __name__)

# The page shows part of each list; the API and the command line show all.
FAILURES_SHOWN = 100
JOBS_SHOWN = 8
FOLDERS_SHOWN = 10
NEWEST_SHOWN = 24


@route(collection_pages, "/collections")
def every() -> str:
    """Show every collection, including the ones that are being made."""
    return _page(
        "collections.html",
        statuses=state().collections.everything(),
        mosaics=state().overview.mosaics(),
    )


@route(collection_pages, "/add", scope="write")
def add() -> str:
    """Show the form that makes a collection from a server folder or from files."""
    return _add(request.args.get("folder", ""))


@route(collection_pages, "/collections", "POST", files=True, urgency="bulk")
def make() -> Response:
    """Queue the job that the form of `add` asks for, and redirect to its page."""
    return _of_files() if request.mimetype == "multipart/form-data" else _of_folder()


@comes_back("files", add, "files", encoder=PairNotHere, name=BadSetting)
def _of_files() -> Response:
    job, refusals = state().collections.from_files(receive)
    return to_collection(job.name, refusals)


def _add_of_folder() -> str:
    """Return the page of `add` with the requested folder, where the client may see it."""
    try:
        return _add(request.form.get("folder", ""))
    except (BadSource, NotFound):
        return _add("")


@comes_back("folder", _add_of_folder, "folder", encoder=PairNotHere, name=BadSetting)
def _of_folder() -> Response:
    name = request.form.get("name", "").strip()
    folder, encoder = request.form.get("folder", ""), request.form.get("encoder", "")
    return to_collection(state().collections.from_folder(name, folder, encoder).name)


@route(collection_pages, "/collections/<name>")
def one(name: str) -> str:
    """Show a collection: its contents, its jobs and its failures."""
    catalog, status = engine().catalog, state().collections.one(name)
    failures: list[Failure] = []
    missing: list[tuple[Path, int]] = []
    if status.summary is not None and status.summary.failures:
        failures = catalog.failures.of(catalog.collections.one(name).id)[:FAILURES_SHOWN]
    if status.summary is not None and status.summary.missing:
        missing = list(catalog.files(catalog.collections.one(name)).missing_folders().items())
    return _page(
        "collection.html",
        status=status,
        cover=state().overview.mosaic(name) if status.summary is not None else (),
        has_map=status.summary is not None and _has_map(name),
        newest=_newest(name) if status.summary is not None and status.summary.pictures else (),
        jobs=catalog.jobs.of(name, JOBS_SHOWN),
        failures=failures,
        missing=missing[:FOLDERS_SHOWN],
        more_missing=len(missing[FOLDERS_SHOWN:]),
        not_taken_files=refused_files(),
        passed=request.args.get("passed", type=int),
        **pair_card(status.summary),
    )


@route(collection_pages, "/collections/<name>/files", "POST", files=True, urgency="bulk")
@comes_back("files", one, "files")
def send(name: str) -> Response:
    """Add files to a collection."""
    _, refusals = state().collections.from_files(receive, name)
    return to_collection(name, refusals)


@route(collection_pages, "/collections/<name>/index", "POST")
@comes_back("index", one)
def index(name: str) -> Response:
    """Queue a run for changes, or for failed files."""
    state().collections.again(name, "retry" in request.form)
    return to_collection(name)


@route(collection_pages, "/collections/<name>/rename", "POST")
@comes_back("rename", one)
def rename(name: str) -> Response:
    """Give a collection another name."""
    new = request.form.get("name", "").strip()
    engine().rename(name, new)
    return to_collection(new)


@route(collection_pages, "/collections/<name>/forget-missing", "POST", scope="admin")
def forget_missing(name: str) -> Response:
    """Forget the pictures whose files were not found."""
    engine().forget_missing(name)
    return to_collection(name)


@route(collection_pages, "/collections/<name>/remove")
def ask_to_remove(name: str) -> str:
    """Show the confirmation before a collection is removed."""
    return _page(
        "remove.html",
        status=state().collections.one(name),
        was_sent=state().collections.was_sent(name),
    )


@route(collection_pages, "/collections/<name>/remove", "POST", scope="admin")
@comes_back("remove", ask_to_remove)
def remove(name: str) -> Response:
    """Remove a collection."""
    state().collections.remove(name)
    return redirect(url_for("collection_pages.every"), 303)


@route(collection_pages, f"/jobs/<int(max={LARGEST_ID}):job_id>/cancel", "POST")
def cancel(job_id: int) -> Response:
    """End a job."""
    job = engine().catalog.jobs.cancel(job_id)
    return to_collection(job.name) if job.name else redirect(url_for("encoder_pages.every"), 303)


def _add(folder: str) -> str:
    roots = state().roots.all
    path = folder or (str(roots[0]) if len(roots) == 1 else "")
    listing: Listing | None = state().roots.listing(path) if path else None
    return _page(
        "add.html",
        roots=roots,
        listing=listing,
        name=request.args.get("name", ""),
        pairs=state().pairs.choices(),
        usual=state().settings.encoder,
    )


def _newest(name: str) -> Sequence[Hit]:
    """Return the newest pictures of a collection, during a run too."""
    query = state().queries.query_of(SearchUrl(collection=name, copies=True), NEWEST_SHOWN, 0)
    return engine().answer(query).hits


def _has_map(name: str) -> bool:
    return engine().map_file(engine().catalog.collections.one(name)).exists()


def _page(template: str, **context: object) -> str:
    names = [collection.name for collection in engine().collections()]
    return render_template(
        template, url=SearchUrl(), chips=[], names=names, workers=state().workers, **context
    )
