"""Boards: pages on which pictures lie side by side, with notes, in an order of one's own."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from search.errors import BadQuery
from web.pages.refused_forms import comes_back
from web.pages.saved import everything, name_of
from web.pages.search import question
from web.requests.query_form import LARGEST_ID, count, identities, identity, words
from web.requests.search_url import Asked
from web.state import engine

boards = Blueprint("boards", __name__)

BOARD = f"/boards/<int(max={LARGEST_ID}):board_id>"

MOST_NOTE = 2_000


def note_of(text: str) -> str:
    """What is noted of a picture; raises BadQuery where it is too long."""
    note = words(text)
    if len(note) > MOST_NOTE:
        raise BadQuery(f"the note has {len(note):,} characters; it may have {MOST_NOTE:,}")
    return note


@boards.get(BOARD)
def board(board_id: int) -> str:
    """One board with its pictures and notes."""
    found, pinned = engine().catalog.boards.one(board_id)
    pictures = engine().catalog.pictures.by_id([each.picture_id for each in pinned])
    return render_template(
        "board.html",
        asked=Asked(),
        chips=[],
        board=found,
        pinned=[each for each in pinned if each.picture_id in pictures],
        pictures=pictures,
    )


def _where_asked() -> str:
    """Return the page of the form: an answer whose pictures are selected, or what is kept."""
    return question() if request.form.getlist("id") else everything()


@boards.post("/boards")
@comes_back("board", _where_asked)
def add() -> Response:
    """Put pictures on a board: one that is there, by its id, or a new one, by its name."""
    ids = identities("id", request.form.getlist("id")) if request.form.getlist("id") else []
    chosen = request.form.get("board", "")
    kept = engine().catalog.boards
    if chosen:
        board_id = identity("board", chosen)
        kept.add(board_id, ids)
    else:
        board_id = kept.create(name_of(request.form.get("name", "")), ids)
    return redirect(url_for("boards.board", board_id=board_id), 303)


@boards.post(f"{BOARD}/rename")
@comes_back("rename", board)
def rename(board_id: int) -> Response:
    """Give a board another name."""
    engine().catalog.boards.change(board_id, name_of(request.form.get("name", "")))
    return _back(board_id)


@boards.post(f"{BOARD}/delete")
@comes_back("delete", board)
def delete(board_id: int) -> Response:
    """Delete a board; its pictures stay where they are."""
    engine().catalog.boards.remove(board_id)
    return redirect(url_for("kept.everything", _anchor="boards"), 303)


@boards.post(f"{BOARD}/note")
@comes_back("note-{picture}", board, "note")
def note(board_id: int) -> Response:
    """Write what is noted of a picture."""
    picture_id, text = _picture(), note_of(request.form.get("note", ""))
    engine().catalog.boards.edit(board_id, picture_id, note=text)
    return _back(board_id, picture_id)


@boards.post(f"{BOARD}/move")
@comes_back("move-{picture}", board, "place")
def move(board_id: int) -> Response:
    """Move a picture to another place on its board, from 0."""
    picture_id = _picture()
    place = count(request.form.get("place", ""), "place")
    engine().catalog.boards.edit(board_id, picture_id, place=place)
    return _back(board_id, picture_id)


@boards.post(f"{BOARD}/take-off")
@comes_back("move-{picture}", board, "place")
def take_off(board_id: int) -> Response:
    """Take a picture off a board."""
    engine().catalog.boards.take_off(board_id, _picture())
    return _back(board_id)


def _picture() -> int:
    return identity("picture", request.form.get("picture", ""))


def _back(board_id: int, picture_id: int | None = None) -> Response:
    anchor = None if picture_id is None else f"picture-{picture_id}"
    return redirect(url_for("boards.board", board_id=board_id, _anchor=anchor), 303)
