"""The JSON API of boards: listed, made, renamed, deleted; their pictures put on, noted, moved."""

from flask import Blueprint, Response, request, url_for
from msgspec import UNSET

from search.catalog import boards as catalog
from search.documents.from_saved import board_document, pinned_document
from search.documents.saved_and_boards import (
    Added,
    Board,
    BoardChange,
    Boards,
    Ids,
    NewBoard,
    PageFields,
    PinnedChange,
    PinnedPictures,
)
from search.query.limits import LARGEST_ID
from web.api.openapi import error_sources as sources
from web.links import API, linked_picture
from web.requests.json_body import read_body
from web.requests.pagination import next_of, page_of
from web.requests.query_form import identities
from web.requests.saved_search import name_of, note_of
from web.route import JSON, route
from web.state import engine

boards_api = Blueprint("boards_api", __name__, url_prefix=API)

BOARD = f"/boards/<int(max={LARGEST_ID}):board_id>"
PINNED = f"{BOARD}/pictures/<int(max={LARGEST_ID}):picture_id>"


@route(
    boards_api,
    "/boards",
    answers=Boards,
    endpoint="listed",
    fields=PageFields,
    raises=sources.PAGES,
)
def list_boards() -> Boards:
    """List the boards.

    The oldest board comes first.
    """
    k, after = page_of(request.args, "boards")
    rows = _rows().page(k, after or 0)
    boards = tuple(board_document(board) for board in rows)
    return Boards(boards, next_of([board.id for board in rows], k))


@route(
    boards_api,
    "/boards",
    "POST",
    answers=Board,
    takes={JSON: NewBoard},
    status=201,
    raises=sources.BOARDS,
)
def make() -> tuple[Board, int, dict[str, str]]:
    """Make a board.

    It is empty, or has the pictures that `ids` names.
    """
    board = read_body(NewBoard, request.get_data())
    board_id = _rows().create(name_of(board.name), _ids(board.ids, "ids"))
    return one(board_id), 201, {"Location": url_for("boards_api.one", board_id=board_id)}


@route(boards_api, BOARD, answers=Board)
def one(board_id: int) -> Board:
    """Show a board.

    The answer has its name and its number of pictures; its pictures have an address of their own.
    """
    return board_document(_rows().one(board_id)[0])


@route(
    boards_api,
    BOARD,
    "PATCH",
    answers=Board,
    takes={JSON: BoardChange},
    raises=(*sources.BOARDS, "search.catalog.board_pins:pin_of"),
)
def change(board_id: int) -> Board:
    """Rename a board, or reorder its pictures.

    Send a new `name`, a new `order`, or both.
    """
    change = read_body(BoardChange, request.get_data())
    name = None if change.name is UNSET else name_of(change.name)
    _rows().change(board_id, name, _ids(change.order, "order"))
    return one(board_id)


@route(boards_api, BOARD, "DELETE", status=204)
def delete(board_id: int) -> Response:
    """Delete a board.

    Its pictures stay in their collections.
    """
    _rows().remove(board_id)
    return Response(status=204)


@route(
    boards_api,
    f"{BOARD}/pictures",
    answers=PinnedPictures,
    fields=PageFields,
    raises=sources.PAGES,
)
def pictures(board_id: int) -> PinnedPictures:
    """List the pictures of a board.

    They come in their order, each with its place and its note.
    """
    k, cursor = page_of(request.args, "pictures")
    first = cursor or 0
    _, pins = _rows().one(board_id)
    page = list(enumerate(pins))[first : first + k]
    by_id = engine().catalog.pictures.by_id([each.picture_id for _, each in page])
    pictures = tuple(
        pinned_document(linked_picture(by_id[each.picture_id]), place, each.note)
        for place, each in page
        if each.picture_id in by_id  # the picture may have been removed since
    )
    return PinnedPictures(pictures, next_of([place + 1 for place, _ in page], k))


@route(
    boards_api,
    f"{BOARD}/pictures",
    "POST",
    answers=Added,
    takes={JSON: Ids},
    raises=sources.PINS,
)
def add(board_id: int) -> Added:
    """Add pictures to a board.

    New pictures go to the end. Pictures that are on the board keep their places.
    """
    ids = read_body(Ids, request.get_data()).ids
    return Added(len(_rows().add(board_id, _ids(ids, "ids"))))


@route(
    boards_api,
    PINNED,
    "PATCH",
    status=204,
    takes={JSON: PinnedChange},
    raises=("search.catalog.board_pins:pin_of", "web.requests.saved_search:note_of"),
)
def edit(board_id: int, picture_id: int) -> Response:
    """Write a note on a picture of a board, or move the picture.

    Send a `note`, a `place`, or both. Places count from 0.
    """
    change = read_body(PinnedChange, request.get_data())
    note = None if change.note is UNSET else note_of(change.note)
    place = None if change.place is UNSET else change.place
    _rows().edit(board_id, picture_id, note, place)
    return Response(status=204)


@route(boards_api, PINNED, "DELETE", status=204)
def take_off(board_id: int, picture_id: int) -> Response:
    """Take a picture off a board.

    A picture that is not on the board is no error.
    """
    _rows().take_off(board_id, picture_id)
    return Response(status=204)


def _ids(ids: tuple[int, ...], member: str) -> list[int]:
    """Return the ids of pictures without repeats; an empty list is allowed."""
    return identities(member, ids) if ids else []


def _rows() -> catalog.CatalogBoards:
    return engine().catalog.boards
