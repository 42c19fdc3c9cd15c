"""The page of encoder pairs: what each is good for, its cost, and its download."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug import Response

from web.auth import may
from web.requests.search_url import SearchUrl
from web.route import route
from web.state import engine, state

encoder_pages = Blueprint("encoder_pages", __name__)


@route(encoder_pages, "/encoders")
def every() -> str:
    """Show the pairs that are offered, with their downloads, and the others that are here."""
    jobs = engine().catalog.downloads.newest()
    pairs = state().pairs.list_pairs(jobs)
    offered = {pair.name for pair in pairs.offered}
    return render_template(
        "encoders.html",
        url=SearchUrl(),
        chips=[],
        names=[collection.name for collection in engine().collections()],
        workers=state().workers,
        pairs=pairs,
        others=[each for each in pairs.installed if each.there and each.name not in offered],
        jobs=jobs,
        can_download=may("write") and not engine().catalog.read_only,
    )


@route(encoder_pages, "/encoders/<name>/download", "POST")
def download(name: str) -> Response:
    """Queue the download of a pair."""
    state().pairs.download(name)
    return redirect(url_for("encoder_pages.every"), 303)
