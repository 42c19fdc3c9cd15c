"""The JSON API of the links that show one board without a token."""

from flask import Response, request, url_for
from msgspec import structs

from search.documents.from_saved import link_document
from search.documents.saved_and_boards import BoardLinks, MadeBoardLink, NewBoardLink
from search.query.limits import LARGEST_ID
from web.api.boards import BOARD, boards_api
from web.requests.json_body import read_body
from web.route import JSON, route
from web.state import engine

__all__ = ["boards_api"]  # the blueprint, with these routes too


@route(boards_api, f"{BOARD}/links", answers=BoardLinks)
def links(board_id: int) -> BoardLinks:
    """List the links of a board.

    Each shows the board to whoever has it. Their addresses can't be listed: only hashes are stored.
    """
    return BoardLinks(tuple(map(link_document, engine().catalog.board_links.all(board_id))))


@route(
    boards_api,
    f"{BOARD}/links",
    "POST",
    answers=MadeBoardLink,
    takes={JSON: NewBoardLink},
    status=201,
    raises=("search.catalog.board_links:create",),
)
def make_link(board_id: int) -> tuple[MadeBoardLink, int]:
    """Make a link of a board.

    Whoever has the address sees the board's pictures and notes, and nothing else, without a token.
    It holds for `days`, or until it is withdrawn. The answer alone has the address.
    """
    days = read_body(NewBoardLink, request.get_data()).days
    link, secret = engine().catalog.board_links.create(board_id, days)
    document = structs.asdict(link_document(link))
    return MadeBoardLink(**document, address=url_for("shared.board", secret=secret)), 201


@route(
    boards_api,
    f"{BOARD}/links/<int(max={LARGEST_ID}):link_id>",
    "DELETE",
    status=204,
    raises=("search.catalog.board_links:withdraw",),
)
def withdraw(board_id: int, link_id: int) -> Response:
    """Withdraw a link of a board.

    It leads nowhere from then on.
    """
    engine().catalog.board_links.withdraw(board_id, link_id)
    return Response(status=204)
