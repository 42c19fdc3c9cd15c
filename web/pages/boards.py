"""Pages of boards: pinned pictures with notes, in the user's order."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from search.query.limits import LARGEST_ID
from web.pages.refused_forms import comes_back
from web.pages.saved import everything
from web.pages.search import question
from web.requests.query_form import count, identities, identity
from web.requests.saved_search import name_of, note_of
from web.requests.search_url import SearchUrl
from web.route import route
from web.state import engine

boards = Blueprint("boards", __name__)

BOARD = f"/boards/<int(max={LARGEST_ID}):board_id>"


@route(boards, BOARD)
def board(board_id: int) -> str:
    """Show a board with its pictures and notes."""
    row, pins = engine().catalog.boards.one(board_id)
    pictures = engine().catalog.pictures.by_id([pin.picture_id for pin in pins])
    return render_template(
        "board.html",
        url=SearchUrl(),
        chips=[],
        board=row,
        pins=[pin for pin in pins if pin.picture_id in pictures],
        pictures=pictures,
    )


def _form_page() -> str:
    """Return the page of the form: the answer with the selection, else the saved items."""
    return question() if request.form.getlist("id") else everything()


@route(boards, "/boards", "POST")
@comes_back("board", _form_page)
def add() -> Response:
    """Pin pictures to a board: an existing one by id, or a new one by name."""
    ids = identities("id", request.form.getlist("id")) if request.form.getlist("id") else []
    choice = request.form.get("board", "")
    catalog_boards = engine().catalog.boards
    if choice:
        board_id = identity("board", choice)
        catalog_boards.add(board_id, ids)
    else:
        board_id = catalog_boards.create(name_of(request.form.get("name", "")), ids)
    return redirect(url_for("boards.board", board_id=board_id), 303)


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
    """Remove a picture from a board."""
    engine().catalog.boards.take_off(board_id, _picture())
    return _back(board_id)


def _picture() -> int:
    return identity("picture", request.form.get("picture", ""))


def _back(board_id: int, picture_id: int | None = None) -> Response:
    anchor = None if picture_id is None else f"picture-{picture_id}"
    return redirect(url_for("boards.board", board_id=board_id, _anchor=anchor), 303)
