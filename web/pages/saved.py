"""Pages of saved items: marks, concepts and saved searches."""

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug import Response

from search.concepts import keep
from search.documents.picture import Export
from search.query.checks import check, check_marks
from search.query.limits import LARGEST_ID
from web.auth import token
from web.links import linked
from web.middleware.file_responses import attachment
from web.pages.refused_forms import comes_back
from web.pages.search import question
from web.requests.query_form import identity, words
from web.requests.saved_search import asked_in, name_of, saved_address
from web.requests.search_url import SearchUrl, Side
from web.requests.selection import selection_of
from web.route import route
from web.state import engine, state

kept = Blueprint("kept", __name__)

SAVED = f"/saved/<int(max={LARGEST_ID}):search_id>"


@route(kept, "/kept")
def everything(**_: object) -> str:
    """Show saved searches, concepts and boards."""
    catalog = engine().catalog
    boards = catalog.boards.all()
    covers = catalog.pictures.by_id([each.cover for each in boards if each.cover is not None])
    return render_template(
        "kept.html",
        asked=SearchUrl(),
        chips=[],
        searches=catalog.saved.all(),
        concepts=catalog.concepts.all(),
        boards=boards,
        covers=covers,
    )


@route(kept, "/mark", "POST", scope="read")
@comes_back("mark", question)
def mark() -> Response:
    """Mark a picture as "more" or "less", or remove its mark, and search again.

    The mark is stored for training where the client may write; the search itself only reads.
    """
    asked = SearchUrl.of(request.form)
    side: Side = "more" if request.form.get("mark_more") else "less"
    picture_id = identity("mark", request.form.get(f"mark_{side}", ""))
    marked = asked.marked(picture_id, side)
    query = state().queries.query_of(marked, 1, 0)
    check_marks(query)
    allowed = token()
    if picture_id in getattr(query, side) and (allowed is None or allowed.allows("write")):
        engine().catalog.marks.store(query)
    address = url_for("pages.search", **marked.address())
    if request.accept_mimetypes.best == "application/json":
        return jsonify(address=address)
    return redirect(address, 303)


@route(kept, "/selected", "POST", scope="read", urgency="bulk")
@comes_back("select", question)
def export() -> Response | Export:
    """Export the selected pictures; the other fields of the form are for boards."""
    ids, kind = selection_of(request.values, among_others=True)
    chosen = state().exports.pictures(ids)
    if kind == "json":
        return Export(tuple(linked(picture) for picture in chosen))
    export = state().exports.of(chosen, kind)
    return attachment(export.content, export.content_type, export.name)


@route(kept, "/concepts", "POST")
@comes_back("concept", question)
def keep_concept() -> Response:
    """Save the query as a concept, and search by the concept alone."""
    name = words(request.form.get("name", ""))
    query = state().queries.query_of(SearchUrl.of(request.form), 1, 0)
    check(query)
    keep(engine(), name, query, overwrite="replace" in request.form)
    return redirect(url_for("pages.search", text=f"concept:{name}"), 303)


@route(kept, "/concepts/<name>/forget", "POST")
@comes_back("forget", everything)
def forget_concept(name: str) -> Response:
    """Delete a concept."""
    engine().catalog.concepts.remove(name)
    return _back("concepts")


@route(kept, "/saved", "POST")
@comes_back("save", question)
def save_search() -> Response:
    """Save the address of a query under a name."""
    name = name_of(request.form.get("name", ""))
    engine().catalog.saved.save(name, saved_address(SearchUrl.of(request.form)))
    return _back("searches")


@route(kept, f"{SAVED}/rename", "POST")
@comes_back("rename-{search_id}", everything)
def rename_search(search_id: int) -> Response:
    """Give a saved search another name."""
    engine().catalog.saved.change(search_id, name=name_of(request.form.get("name", "")))
    return _back("searches")


@route(kept, f"{SAVED}/forget", "POST")
@comes_back("forget", everything)
def forget_search(search_id: int) -> Response:
    """Delete a saved search."""
    engine().catalog.saved.remove(search_id)
    return _back("searches")


@kept.app_template_filter("saved_address")
def address_of(address: str) -> str:
    """Return the full address of a saved search, with the known fields alone."""
    return url_for("pages.search", **asked_in(address).address())


def _back(part: str) -> Response:
    return redirect(url_for("kept.everything", _anchor=part), 303)
