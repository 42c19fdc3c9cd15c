"""Pages of boards: pinned pictures with notes, in the user's order."""

from contextlib import suppress

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug import Response

from search.errors import LimnError
from search.query.limits import LARGEST_ID
from web.auth import may
from web.pages.refused_forms import comes_back
from web.pages.saved import everything
from web.pages.search import question
from web.requests.query_form import count, identities, identity
from web.requests.saved_search import name_of, note_of
from web.requests.search_url import SearchUrl
from web.route import route
from web.state import engine, state

boards = Blueprint("boards", __name__)

BOARD = f"/boards/<int(max={LARGEST_ID}):board_id>"


# How long a link may be made to hold, in days; "" is until it is withdrawn.
LINK_DAYS = ("", "7", "30", "365")


@route(boards, BOARD)
def board(board_id: int, **_: object) -> str:
    """Show a board with its pictures and notes."""
    return _page(board_id)


def _page(board_id: int, address: str | None = None) -> str:
    """Return the page of a board; `address` is that of a link that was made just now."""
    row, pins = engine().catalog.boards.one(board_id)
    pictures = engine().catalog.pictures.by_id([pin.picture_id for pin in pins])
    return render_template(
        "board.html",
        url=SearchUrl(),
        chips=[],
        board=row,
        pins=[pin for pin in pins if pin.picture_id in pictures],
        pictures=pictures,
        links=engine().catalog.board_links.all(board_id),
        link_days=LINK_DAYS,
        address=address,
    )


def _form_page() -> str:
    """Return the page of the form: the answer with the selection, else the saved items."""
    return question() if request.form.getlist("id") else everything()


@route(boards, "/boards", "POST")
@comes_back("board", _form_page)
def add() -> Response:
    """Pin pictures to a board: an existing one by id, or a new one by name.

    A script learns which pictures were new on it, to take them off again.
    """
    ids = identities("id", request.form.getlist("id")) if request.form.getlist("id") else []
    ids = state().exports.still_there(ids)
    choice = request.form.get("board", "")
    catalog_boards = engine().catalog.boards
    if choice:
        board_id = identity("board", choice)
        new_ids = catalog_boards.add(board_id, ids)
    else:
        board_id, new_ids = catalog_boards.create(name_of(request.form.get("name", "")), ids), ids
    address = url_for("boards.board", board_id=board_id)
    if request.accept_mimetypes.best == "application/json":
        name = catalog_boards.names().get(board_id, "")
        return jsonify(address=address, name=name, added=new_ids, is_new=not choice, id=board_id)
    return redirect(address, 303)


@route(boards, f"{BOARD}/rename", "POST")
@comes_back("rename", board)
def rename(board_id: int) -> Response:
    """Give a board another name."""
    engine().catalog.boards.change(board_id, name_of(request.form.get("name", "")))
    return _back(board_id)


@route(boards, f"{BOARD}/delete", "POST")
@comes_back("delete", board)
def delete(board_id: int) -> Response:
    """Delete a board; its pictures stay in their collections."""
    engine().catalog.boards.remove(board_id)
    return redirect(url_for("saved_pages.everything", _anchor="boards"), 303)


@route(boards, f"{BOARD}/note", "POST")
@comes_back("note-{picture}", board, "note")
def note(board_id: int) -> Response:
    """Write the note on a picture."""
    picture_id, text = _picture(), note_of(request.form.get("note", ""))
    engine().catalog.boards.edit(board_id, picture_id, note=text)
    return _back(board_id, picture_id)


@route(boards, f"{BOARD}/move", "POST")
@comes_back("move-{picture}", board, "place")
def move(board_id: int) -> Response:
    """Move a picture to a position on its board, from 0."""
    picture_id = _picture()
    place = count(request.form.get("place", ""), "place")
    engine().catalog.boards.edit(board_id, picture_id, place=place)
    return _back(board_id, picture_id)


@route(boards, f"{BOARD}/take-off", "POST")
@comes_back("move-{picture}", board, "place")
def take_off(board_id: int) -> Response:
    """Remove pictures from a board."""
    ids = identities("picture", request.form.getlist("picture"))
    engine().catalog.boards.take_off(board_id, *ids)
    return _back(board_id)


@route(boards, f"{BOARD}/put-back", "POST")
@comes_back("move-{picture}", board, "place")
def put_back(board_id: int) -> Response:
    """Put a picture back to the place from which it was taken off, with its note."""
    picture_id, text = _picture(), note_of(request.form.get("note", ""))
    place = count(request.form.get("place", ""), "place")
    catalog_boards = engine().catalog.boards
    catalog_boards.add(board_id, [picture_id])
    catalog_boards.edit(board_id, picture_id, note=text, place=place)
    return _back(board_id, picture_id)


@route(boards, f"{BOARD}/links", "POST")
@comes_back("share", board, "days")
def share(board_id: int) -> str:
    """Make a link of the board, and show its address, once."""
    text = request.form.get("days", "")
    days = count(text, "days") if text else None
    _, secret = engine().catalog.board_links.create(board_id, days)
    return _page(board_id, url_for("shared.board", secret=secret, _external=True))


@route(boards, f"{BOARD}/links/<int(max={LARGEST_ID}):link_id>/withdraw", "POST")
@comes_back("share", board, "days")
def withdraw(board_id: int, link_id: int) -> Response:
    """Withdraw a link of the board."""
    engine().catalog.board_links.withdraw(board_id, link_id)
    return _back(board_id)


@boards.app_template_global()
def board_names() -> dict[int, str]:
    """Return the boards that this client may see; none where they can't be read."""
    with suppress(LimnError):
        return engine().catalog.boards.names() if may("read") else {}
    return {}


def _picture() -> int:
    return identity("picture", request.form.get("picture", ""))


def _back(board_id: int, picture_id: int | None = None) -> Response:
    anchor = None if picture_id is None else f"picture-{picture_id}"
    return redirect(url_for("boards.board", board_id=board_id, _anchor=anchor), 303)
