"""The pages of collections: all of them, making one, and one with its jobs and failures."""

from pathlib import Path

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from search.records import Failure
from web import gathering
from web.asked import Asked
from web.forms import LARGEST_ID
from web.jobs import rows
from web.roots import Listing
from web.state import engine, state

gathering_pages = Blueprint("gathering_pages", __name__)

# What a page shows of each; the API and the command line have the rest.
FAILURES_SHOWN = 100
JOBS_SHOWN = 8
FOLDERS_SHOWN = 10


@gathering_pages.get("/collections")
def every() -> str:
    """Every collection, and those that are being made."""
    return _page("collections.html", gathered=gathering.everything())


@gathering_pages.get("/add")
def add() -> str:
    """Make a collection of a folder, which is chosen here, or of files."""
    roots = state().roots.all
    named = request.args.get("folder") or (str(roots[0]) if len(roots) == 1 else "")
    listing: Listing | None = state().roots.listing(named) if named else None
    return _page("add.html", roots=roots, listing=listing, name=request.args.get("name", ""))


@gathering_pages.post("/collections")
def make() -> Response:
    """Queue what the form of `add` asks for, and go where it can be watched."""
    if request.mimetype == "multipart/form-data":
        job, refused = gathering.from_files()
    else:
        name, folder = request.form.get("name", "").strip(), request.form.get("folder", "")
        job, refused = gathering.from_folder(name, folder), []
    return _to(job.name, passed=len(refused) or None)


@gathering_pages.get("/collections/<name>")
def one(name: str) -> str:
    """One collection: what it holds, what is being done, what failed."""
    gathered = gathering.one(name)
    failures: list[Failure] = []
    if gathered.summary is not None and gathered.summary.failures:
        [collection] = engine().catalog.collections([name])
        failures = engine().catalog.failures(collection.id)[:FAILURES_SHOWN]
    missing: list[tuple[Path, int]] = []
    if gathered.summary is not None and gathered.summary.missing:
        [collection] = engine().catalog.collections([name])
        missing = list(engine().catalog.missing_folders(collection).items())
    return _page(
        "collection.html",
        gathered=gathered,
        jobs=rows().of(name, JOBS_SHOWN),
        failures=failures,
        missing=missing[:FOLDERS_SHOWN],
        more_missing=len(missing[FOLDERS_SHOWN:]),
        passed=request.args.get("passed", type=int),
    )


@gathering_pages.post("/collections/<name>/files")
def send(name: str) -> Response:
    """Add files to a collection."""
    _, refused = gathering.from_files(name)
    return _to(name, passed=len(refused) or None)


@gathering_pages.post("/collections/<name>/index")
def index(name: str) -> Response:
    """Look for changes, or try again what failed."""
    gathering.again(name, "retry" in request.form)
    return _to(name)


@gathering_pages.post("/collections/<name>/rename")
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
    return _page("remove.html", gathered=gathering.one(name), sent=gathering.was_sent(name))


@gathering_pages.post("/collections/<name>/remove")
def remove(name: str) -> Response:
    """Forget a collection."""
    gathering.remove(name)
    return redirect(url_for("gathering_pages.every"), 303)


@gathering_pages.post(f"/jobs/<int(max={LARGEST_ID}):job_id>/cancel")
def cancel(job_id: int) -> Response:
    """End a job."""
    return _to(rows().cancel(job_id).name)


def _to(name: str, **fields: object) -> Response:
    return redirect(url_for("gathering_pages.one", name=name, **fields), 303)  # type: ignore[arg-type]


def _page(template: str, **shown: object) -> str:
    names = [each.name for each in engine().collections()]
    return render_template(
        template, asked=Asked(), chips=[], names=names, foreman=state().foreman, **shown
    )
