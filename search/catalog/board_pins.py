"""Pins: the rows of boards, each with its current picture."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from search.catalog.contents import ids_by_content, present
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, in_pieces
from search.errors import NotFound


@dataclass(frozen=True, slots=True)
class Pin:
    """A row of a board and its current picture; `is_shown` if the picture's file is there."""

    content_hash: bytes
    picture_id: int
    place: int
    note: str
    is_shown: bool


def pins_of_boards(sql: Sql, board_ids: Sequence[int]) -> dict[int, list[Pin]]:
    """Return the pins of boards in their order, each with its current picture.

    The current picture is the pinned one, where it still has the content; else another with that
    content; else the pinned one, whose file was edited since.
    """
    rows = in_pieces(sql, sa.select(t.board_picture), t.board_picture.c.board_id, board_ids)
    pins: dict[int, list[Pin]] = {board_id: [] for board_id in board_ids}
    for row, pin in _with_pins(sql, rows):
        pins[row.board_id].append(pin)
    return pins


def pins_about(sql: Sql, board_id: int, picture_id: int) -> list[Pin]:
    """Return the pins of a board whose current picture may be this one; few are read for it."""
    b, p = t.board_picture.c, t.picture.c
    content = sa.select(p.content_hash).where(p.id == picture_id).scalar_subquery()
    statement = sa.select(t.board_picture).where(
        b.board_id == board_id, (b.picture_id == picture_id) | (b.content_hash == content)
    )
    return [pin for _, pin in _with_pins(sql, sql.execute(statement).all())]


def _with_pins(sql: Sql, rows: Sequence[sa.Row[Any]]) -> Iterator[tuple[sa.Row[Any], Pin]]:
    """Yield rows of boards, in the boards' order, with their pins."""
    holders = ids_by_content(sql, [row.content_hash for row in rows])
    ids = {row.picture_id for row in rows}.union(*holders.values())
    there = sa.select(t.picture.c.id).where(present())
    shown_ids = {row.id for row in in_pieces(sql, there, t.picture.c.id, list(ids))}
    for row in sorted(rows, key=lambda row: (row.place, row.picture_id)):
        copies = holders.get(bytes(row.content_hash), [])
        picture_id = _current(row.picture_id, copies, shown_ids)
        is_shown = picture_id in shown_ids
        yield row, Pin(bytes(row.content_hash), picture_id, row.place, row.note, is_shown)


def _current(pinned_id: int, copies: Sequence[int], shown_ids: Set[int]) -> int:
    """Return a pin's current picture: of those with its content, one that can be shown."""
    if not copies or (
        pinned_id in copies and (pinned_id in shown_ids or copies[0] not in shown_ids)
    ):
        return pinned_id
    return copies[0]


def read_pins(sql: Sql, board_id: int) -> list[Pin]:
    """Return the pins of a board in their order; raise NotFound."""
    check_board(sql, board_id)
    return pins_of_boards(sql, [board_id])[board_id]


def pin_of(pins: Sequence[Pin], picture_id: int) -> Pin:
    """Return the pin of a picture; raise NotFound."""
    pin_on_board = next((pin for pin in pins if pin.picture_id == picture_id), None)
    if pin_on_board is None:
        raise NotFound("picture-not-on-board", "picture {id} is not on this board", id=picture_id)
    return pin_on_board


def is_pin(board_id: int, pin: Pin) -> sa.ColumnElement[bool]:
    """Return the condition on `board_picture` that a row is a pin."""
    b = t.board_picture.c
    return (b.board_id == board_id) & (b.content_hash == pin.content_hash)


def store_places(sql: Sql, board_id: int, order: Sequence[Pin]) -> None:
    """Store the places of pins in this order."""
    for number, pin in enumerate(order):
        if pin.place != number:
            statement = t.board_picture.update().where(is_pin(board_id, pin))
            sql.execute(statement.values(place=number))


def check_board(sql: Sql, board_id: int) -> None:
    """Raise NotFound for a board that does not exist."""
    if sql.scalar(sa.select(t.board.c.id).where(t.board.c.id == board_id)) is None:
        raise unknown_board(board_id)


def unknown_board(board_id: int) -> NotFound:
    """Return the error for a board that does not exist."""
    return NotFound(
        "unknown-board", "there is no board {id}; it may have been deleted", id=board_id
    )
