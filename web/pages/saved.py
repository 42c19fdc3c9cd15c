"""Pages of saved items: marks, concepts and saved searches."""

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from msgspec import json
from werkzeug import Response

from search.concepts import keep
from search.documents.picture import Export
from search.query.checks import check, check_marks
from search.query.limits import LARGEST_ID
from web.auth import token
from web.links import linked_picture
from web.middleware.file_responses import attachment
from web.pages.refused_forms import comes_back
from web.pages.search import question
from web.requests.query_form import identity, words
from web.requests.saved_search import name_of, parse_address, saved_address
from web.requests.search_url import SearchUrl, Side
from web.requests.selection import selection_of
from web.route import route
from web.state import engine, state

saved_pages = Blueprint("saved_pages", __name__)

SAVED = f"/saved/<int(max={LARGEST_ID}):search_id>"


@route(saved_pages, "/kept")
def everything(**_: object) -> str:
    """Show saved searches, concepts and boards."""
    catalog = engine().catalog
    boards = catalog.boards.all()
    covers = catalog.pictures.by_id([board.cover for board in boards if board.cover is not None])
    return render_template(
        "kept.html",
        url=SearchUrl(),
        chips=[],
        searches=catalog.saved_searches.all(),
        concepts=catalog.concepts.all(),
        boards=boards,
        covers=covers,
    )


@route(saved_pages, "/mark", "POST", scope="read")
@comes_back("mark", question)
def mark() -> Response:
    """Mark a picture as "more" or "less", or remove its mark, and search again.

    The mark is stored for training where the client may write; the search itself only reads.
    """
    url = SearchUrl.of(request.form)
    side: Side = "more" if request.form.get("mark_more") else "less"
    picture_id = identity("mark", request.form.get(f"mark_{side}", ""))
    new_url = url.with_mark(picture_id, side)
    query = state().queries.query_of(new_url, 1, 0)
    check_marks(query)
    client_token = token()
    if picture_id in getattr(query, side) and (
        client_token is None or client_token.allows("write")
    ):
        engine().catalog.marks.store(query)
    address = url_for("pages.search", **new_url.address())
    if request.accept_mimetypes.best == "application/json":
        return jsonify(address=address)
    return redirect(address, 303)


@route(saved_pages, "/selected", "POST", scope="read", urgency="bulk")
@comes_back("select", question)
def export() -> Response:
    """Export the selected pictures as a file; the other fields of the form are for boards."""
    ids, kind = selection_of(request.values, among_others=True)
    pictures = state().exports.pictures(state().exports.still_there(ids))
    if kind == "json":
        document = Export(tuple(linked_picture(picture) for picture in pictures))
        return attachment(json.encode(document).decode(), "application/json", "pictures.json")
    export = state().exports.of(pictures, kind)
    return attachment(export.content, export.content_type, export.name)


@route(saved_pages, "/concepts", "POST")
@comes_back("concept", question)
def keep_concept() -> Response:
    """Save the query as a concept, and search by the concept alone."""
    name = words(request.form.get("name", ""))
    query = state().queries.query_of(SearchUrl.of(request.form), 1, 0)
    check(query)
    keep(engine(), name, query, overwrite="replace" in request.form)
    return redirect(url_for("pages.search", text=f"concept:{name}"), 303)


@route(saved_pages, "/concepts/<name>/forget", "POST")
@comes_back("forget", everything)
def forget_concept(name: str) -> Response:
    """Delete a concept."""
    engine().catalog.concepts.remove(name)
    return _back("concepts")


@route(saved_pages, "/saved", "POST")
@comes_back("save", question)
def save_search() -> Response:
    """Save the address of a query under a name."""
    name = name_of(request.form.get("name", ""))
    engine().catalog.saved_searches.save(name, saved_address(SearchUrl.of(request.form)))
    return _back("searches")


@route(saved_pages, f"{SAVED}/rename", "POST")
@comes_back("rename-{search_id}", everything)
def rename_search(search_id: int) -> Response:
    """Give a saved search another name."""
    engine().catalog.saved_searches.change(search_id, name=name_of(request.form.get("name", "")))
    return _back("searches")


@route(saved_pages, f"{SAVED}/forget", "POST")
@comes_back("forget", everything)
def forget_search(search_id: int) -> Response:
    """Delete a saved search."""
    engine().catalog.saved_searches.remove(search_id)
    return _back("searches")


@saved_pages.app_template_filter("saved_address")
def address_of(address: str) -> str:
    """Return the full address of a saved search, with the known fields alone."""
    return url_for("pages.search", **parse_address(address).address())


def _back(part: str) -> Response:
    return redirect(url_for("saved_pages.everything", _anchor=part), 303)
