"""The JSON API of boards: listed, made, renamed, deleted; their pictures put on, noted, moved."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, request, url_for

from search.catalog.boards import Boards
from web.api.openapi import JSON, describe
from web.api.schemas import saved_and_boards as schemas
from web.api.search import linked
from web.links import API
from web.pages.boards import note_of
from web.pages.saved import name_of
from web.requests.json_body import ids_in, members
from web.requests.pagination import listing, next_of, page_of
from web.requests.query_form import LARGEST_ID, count, text_of
from web.state import engine

boards_api = Blueprint("boards_api", __name__, url_prefix=API)

BOARD = f"/boards/<int(max={LARGEST_ID}):board_id>"
PINNED = f"{BOARD}/pictures/<int(max={LARGEST_ID}):picture_id>"


@boards_api.get("/boards")
@describe(schemas.Boards, fields=schemas.PageFields)
def listed() -> dict[str, Any]:
    """The boards, the first made first."""
    return listing(request.args, "boards", "boards", _rows().page)


@boards_api.post("/boards")
@describe(schemas.Board, takes={JSON: schemas.NewBoard}, status=201)
def make() -> tuple[dict[str, Any], int, dict[str, str]]:
    """Make a board, empty or of pictures."""
    asked = members("name", "ids")
    name = name_of(text_of("name", asked.get("name", "")))
    made = _rows().create(name, ids_in(asked, "ids"))
    return one(made), 201, {"Location": url_for("boards_api.one", board_id=made)}


@boards_api.get(BOARD)
@describe(schemas.Board)
def one(board_id: int) -> dict[str, Any]:
    """One board, and how many pictures are on it."""
    return asdict(_rows().one(board_id)[0])


@boards_api.patch(BOARD)
@describe(schemas.Board, takes={JSON: schemas.BoardChange})
def change(board_id: int) -> dict[str, Any]:
    """Give a board another name, its pictures another order, or both."""
    asked = members("name", "order")
    name = name_of(text_of("name", asked["name"])) if "name" in asked else None
    _rows().change(board_id, name, ids_in(asked, "order"))
    return one(board_id)


@boards_api.delete(BOARD)
@describe(status=204)
def delete(board_id: int) -> Response:
    """Delete a board; its pictures stay where they are."""
    _rows().remove(board_id)
    return Response(status=204)


@boards_api.get(f"{BOARD}/pictures")
@describe(schemas.PinnedPictures, fields=schemas.PageFields)
def pictures(board_id: int) -> dict[str, Any]:
    """The pictures of a board in their order, with their notes."""
    k, passed = page_of(request.args, "pictures")
    first = passed or 0
    _, pinned = _rows().one(board_id)
    shown = list(enumerate(pinned))[first : first + k]
    found = engine().catalog.pictures.by_id([each.picture_id for _, each in shown])
    told = [
        {**linked(found[each.picture_id]), "place": place, "note": each.note}
        for place, each in shown
        if each.picture_id in found  # it may have been removed since
    ]
    return {"pictures": told, "next": next_of([place + 1 for place, _ in shown], k)}


@boards_api.post(f"{BOARD}/pictures")
@describe(schemas.Added, takes={JSON: schemas.Ids})
def add(board_id: int) -> dict[str, Any]:
    """Put pictures at the end of a board; those that are on it stay where they are."""
    return {"added": _rows().add(board_id, ids_in(members("ids"), "ids"))}


@boards_api.patch(PINNED)
@describe(status=204, takes={JSON: schemas.PinnedChange})
def edit(board_id: int, picture_id: int) -> Response:
    """Note something of a picture on a board, move it to another place, or do both."""
    asked = members("note", "place")
    note = note_of(text_of("note", asked["note"])) if "note" in asked else None
    place = count(asked["place"], "place") if "place" in asked else None
    _rows().edit(board_id, picture_id, note, place)
    return Response(status=204)


@boards_api.delete(PINNED)
@describe(status=204)
def take_off(board_id: int, picture_id: int) -> Response:
    """Take a picture off a board; one that is not on it is passed over."""
    _rows().take_off(board_id, picture_id)
    return Response(status=204)


def _rows() -> Boards:
    return engine().catalog.boards
