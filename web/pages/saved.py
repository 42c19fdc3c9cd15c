"""What people keep from the page: marks, concepts and saved searches."""

from typing import Any
from urllib.parse import parse_qs, urlencode

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug import Response
from werkzeug.datastructures import MultiDict

from search.concepts import keep
from search.errors import BadQuery
from search.filters.grammar import parse
from search.query.checks import check, check_marks
from web.api.search import exported
from web.auth import token
from web.pages.chips import query_of
from web.pages.refused_forms import comes_back
from web.pages.search import question
from web.requests.query_form import LARGEST_ID, identity, words
from web.requests.search_url import Asked, Side
from web.state import engine

kept = Blueprint("kept", __name__)

SAVED = f"/saved/<int(max={LARGEST_ID}):search_id>"

MOST_NAME = 200

# What servers and proxies take as the first line of a request, some of them less.
MOST_ADDRESS = 64_000


def name_of(text: str) -> str:
    """The name that a saved search or a board is given; raises BadQuery: blank or too long."""
    name = words(text)
    if not 1 <= len(name) <= MOST_NAME:
        raise BadQuery(f"the name is {name[:80]!r}; give one of 1 to {MOST_NAME} characters")
    return name


@kept.get("/kept")
def everything(**_: object) -> str:
    """Saved searches, concepts and boards."""
    catalog = engine().catalog
    boards = catalog.boards.all()
    covers = catalog.pictures.by_id([each.cover for each in boards if each.cover is not None])
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
@comes_back("mark", question)
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
@comes_back("select", question)
def export() -> Response | dict[str, Any]:
    """Export what is selected on a page; the other fields of its form are for boards."""
    return exported()


@kept.post("/concepts")
@comes_back("concept", question)
def keep_concept() -> Response:
    """Keep what is asked as a concept, and search by it alone."""
    name = words(request.form.get("name", ""))
    query = query_of(Asked.of(request.form), 1, 0)
    check(query)
    keep(engine(), name, query, replacing="replace" in request.form)
    return redirect(url_for("pages.search", text=f"concept:{name}"), 303)


@kept.post("/concepts/<name>/forget")
@comes_back("forget", everything)
def forget_concept(name: str) -> Response:
    """Forget a concept."""
    engine().catalog.concepts.remove(name)
    return _back("concepts")


@kept.post("/saved")
@comes_back("save", question)
def save_search() -> Response:
    """Save the address of a question under a name."""
    name = name_of(request.form.get("name", ""))
    engine().catalog.saved.save(name, written(Asked.of(request.form)))
    return _back("searches")


@kept.post(f"{SAVED}/rename")
@comes_back("rename-{search_id}", everything)
def rename_search(search_id: int) -> Response:
    """Give a saved search another name."""
    engine().catalog.saved.change(search_id, name=name_of(request.form.get("name", "")))
    return _back("searches")


@kept.post(f"{SAVED}/forget")
@comes_back("forget", everything)
def forget_search(search_id: int) -> Response:
    """Forget a saved search."""
    engine().catalog.saved.remove(search_id)
    return _back("searches")


@kept.app_template_filter("saved_address")
def saved_address(address: str) -> str:
    """The whole address of a saved search: only what a question may hold is taken from it."""
    return url_for("pages.search", **asked_in(address).address())


def asked_in(address: str) -> Asked:
    """The question that what stands after the "?" of a page's address asks."""
    fields: MultiDict[str, str] = MultiDict(parse_qs(address.removeprefix("?")))
    return Asked.of(fields)


def written(asked: Asked) -> str:
    """A question as it is saved, from its first hit on.

    Raises:
        BadQuery: nothing is asked, a filter can't be read, or more than can be asked as an address.
    """
    if not asked.anything:
        raise BadQuery("there is no question to save; search for something first")
    for each in asked.where:
        parse(each)
    told = {key: value for key, value in asked.but().address().items() if value is not None}
    address = urlencode(told, doseq=True)
    if len(address) > MOST_ADDRESS:
        raise BadQuery(
            f"the question has {len(address):,} characters as an address; it may have "
            f"{MOST_ADDRESS:,} to be saved"
        )
    return address


def _back(part: str) -> Response:
    return redirect(url_for("kept.everything", _anchor=part), 303)
