"""What people keep from the page: marks, concepts and saved searches."""

from typing import Any
from urllib.parse import parse_qs, urlencode

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug import Response
from werkzeug.datastructures import MultiDict

from search.concepts import keep
from search.errors import BadQuery
from search.query import check, check_marks
from web.access import token
from web.api import exported
from web.asked import Asked, Side
from web.chips import query_of
from web.forms import LARGEST_ID, identity, words
from web.state import engine

kept = Blueprint("kept", __name__)

SAVED = f"/saved/<int(max={LARGEST_ID}):search_id>"

MOST_NAME = 200


def name_of_form() -> str:
    """The name in a form; raises BadQuery where it is blank or too long."""
    name = words(request.form.get("name", ""))
    if not 1 <= len(name) <= MOST_NAME:
        raise BadQuery(f"the name is {name[:80]!r}; give one of 1 to {MOST_NAME} characters")
    return name


@kept.get("/kept")
def everything() -> str:
    """Saved searches, concepts and boards."""
    catalog = engine().catalog
    boards = catalog.boards.all()
    covers = catalog.pictures([each.cover for each in boards if each.cover is not None])
    return render_template(
        "kept.html",
        asked=Asked(),
        chips=[],
        searches=catalog.saved.all(),
        concepts=catalog.concepts.all(),
        boards=boards,
        covers=covers,
    )


@kept.post("/mark")
def mark() -> Response:
    """Mark a picture more or less like what is wanted, or take its mark back, and search again.

    The mark is kept for training where the client may write; the search itself is only read.
    """
    asked = Asked.of(request.form)
    side: Side = "more" if request.form.get("mark_more") else "less"
    picture_id = identity("mark", request.form.get(f"mark_{side}", ""))
    marked = asked.marked(picture_id, side)
    query = query_of(marked, 1, 0)
    check_marks(query)
    allowed = token()
    if picture_id in getattr(query, side) and (allowed is None or allowed.allows("write")):
        engine().catalog.marks.store(query)
    address = url_for("pages.search", **marked.address())
    if request.accept_mimetypes.best == "application/json":
        return jsonify(address=address)
    return redirect(address, 303)


@kept.post("/selected")
def export() -> Response | dict[str, Any]:
    """Export what is selected on a page; the other fields of its form are for boards."""
    return exported()


@kept.post("/concepts")
def keep_concept() -> Response:
    """Keep what is asked as a concept, and search by it alone."""
    name = words(request.form.get("name", ""))
    query = query_of(Asked.of(request.form), 1, 0)
    check(query)
    keep(engine(), name, query, replacing="replace" in request.form)
    return redirect(url_for("pages.search", text=f"concept:{name}"), 303)


@kept.post("/concepts/<name>/forget")
def forget_concept(name: str) -> Response:
    """Forget a concept."""
    engine().catalog.concepts.remove(name)
    return _back("concepts")


@kept.post("/saved")
def save_search() -> Response:
    """Save the address of a question under a name."""
    asked = Asked.of(request.form)
    if not asked.anything:
        raise BadQuery("there is no question to save; search for something first")
    engine().catalog.saved.save(name_of_form(), _written(asked))
    return _back("searches")


@kept.post(f"{SAVED}/rename")
def rename_search(search_id: int) -> Response:
    """Give a saved search another name."""
    engine().catalog.saved.rename(search_id, name_of_form())
    return _back("searches")


@kept.post(f"{SAVED}/forget")
def forget_search(search_id: int) -> Response:
    """Forget a saved search."""
    engine().catalog.saved.remove(search_id)
    return _back("searches")


@kept.app_template_filter("saved_address")
def saved_address(address: str) -> str:
    """The whole address of a saved search: only what a question may hold is taken from it."""
    fields: MultiDict[str, str] = MultiDict(parse_qs(address))
    return url_for("pages.search", **Asked.of(fields).address())


def _written(asked: Asked) -> str:
    fields = {key: value for key, value in asked.but().address().items() if value is not None}
    return urlencode(fields, doseq=True)


def _back(part: str) -> Response:
    return redirect(url_for("kept.everything", _anchor=part), 303)
