"""SQL of boards: pictures pinned by hand, in an order, with notes.

A pin names its picture by content: it outlives a missing file, a picture that is removed and
comes back, and a collection that is indexed from the beginning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from search.catalog.board_pins import (
    Pin,
    check_board,
    is_pin,
    pin_of,
    pins_about,
    pins_of_boards,
    read_pins,
    store_places,
    unknown_board,
)
from search.catalog.contents import present
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, in_pieces, now
from search.errors import BadQuery, NameTaken, NotFound
from search.query.limits import MAX_PICTURES
from search.text.characters import forms


@dataclass(frozen=True, slots=True)
class Board:
    """A board and its number of pictures; `cover` is the id of the first one to show.

    `missing` of its pictures can't be shown, as their files were not found.
    """

    id: int
    name: str
    created_at: str
    pictures: int
    missing: int
    cover: int | None


@dataclass(frozen=True, slots=True)
class PinnedPicture:
    """A picture on a board, and its note."""

    picture_id: int
    note: str


class CatalogBoards:
    """The boards of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, picture_ids: Sequence[int] = ()) -> int:
        """Make a board of pictures and return its id; raise NameTaken, and what `add` raises."""
        b = t.board
        with self._database.write_transaction() as sql:
            _check_free(sql, name)
            row = {"name": name, "created_at": now()}
            board_id = int(sql.execute(b.insert().values(row).returning(b.c.id)).scalar_one())
            _add(sql, board_id, picture_ids)
        return board_id

    def names(self) -> dict[int, str]:
        """Return the names of all boards by their ids, in the order of the names."""
        b = t.board.c
        with self._database.read_transaction() as sql:
            rows = sql.execute(sa.select(b.id, b.name).order_by(b.name)).all()
        return {row.id: row.name for row in rows}

    def all(self) -> list[Board]:
        """Return every board, by name."""
        return self._boards(sa.select(t.board).order_by(t.board.c.name))

    def page(self, k: int, after: int = 0) -> list[Board]:
        """Return up to `k` of the boards made after the one with id `after`, oldest first."""
        b = t.board.c
        return self._boards(sa.select(t.board).where(b.id > after).order_by(b.id).limit(k))

    def one(self, board_id: int) -> tuple[Board, list[PinnedPicture]]:
        """Return a board and its pictures whose files are there, in order; raise NotFound."""
        with self._database.read_transaction() as sql:
            row = sql.execute(sa.select(t.board).where(t.board.c.id == board_id)).one_or_none()
            if row is None:
                raise unknown_board(board_id)
            pins = pins_of_boards(sql, [board_id])[board_id]
        return _board(row, pins), [
            PinnedPicture(pin.picture_id, pin.note) for pin in pins if pin.is_shown
        ]

    def has(self, board_id: int, picture_id: int) -> bool:
        """Return whether a picture is shown on a board."""
        with self._database.read_transaction() as sql:
            pins = pins_about(sql, board_id, picture_id)
        return any(pin.picture_id == picture_id and pin.is_shown for pin in pins)

    def change(self, board_id: int, name: str | None = None, order: Sequence[int] = ()) -> None:
        """Rename a board, or move pictures to its beginning in that order, or do both.

        Raises:
            NameTaken: another board has the name.
            NotFound: the board no longer exists, or a picture is not on it.
        """
        b = t.board
        with self._database.write_transaction() as sql:
            pins = read_pins(sql, board_id)
            if name is not None:
                _check_free(sql, name, but=board_id)
                sql.execute(b.update().where(b.c.id == board_id).values(name=name))
            if order:
                first = [pin_of(pins, picture_id) for picture_id in dict.fromkeys(order)]
                store_places(sql, board_id, [*first, *(pin for pin in pins if pin not in first)])

    def remove(self, board_id: int) -> None:
        """Delete a board; its pictures stay indexed. Raise NotFound for an unknown board."""
        with self._database.write_transaction() as sql:
            check_board(sql, board_id)
            sql.execute(t.board.delete().where(t.board.c.id == board_id))

    def add(self, board_id: int, picture_ids: Sequence[int]) -> list[int]:
        """Add pictures at the end of a board; return the ids of those that were not on it yet.

        Of several pictures with the same content, one is added.

        Raises:
            NotFound: the board or a picture no longer exists.
            BadQuery: the board would have more pictures than allowed.
        """
        with self._database.write_transaction() as sql:
            return _add(sql, board_id, picture_ids)

    def take_off(self, board_id: int, *picture_ids: int) -> None:
        """Remove pictures from a board, if they are on it; raise NotFound for an unknown board."""
        with self._database.write_transaction() as sql:
            for pin in read_pins(sql, board_id):
                if pin.picture_id in picture_ids:
                    sql.execute(t.board_picture.delete().where(is_pin(board_id, pin)))

    def edit(
        self, board_id: int, picture_id: int, note: str | None = None, place: int | None = None
    ) -> None:
        """Write a note for a picture on a board, or move it to a place, from 0, or do both.

        Places count the pictures that are shown; one past the end is the end.

        Raises:
            NotFound: the board no longer exists, or the picture is not on it.
        """
        with self._database.write_transaction() as sql:
            pins = read_pins(sql, board_id)
            pin = pin_of(pins, picture_id)
            if note is not None:
                statement = t.board_picture.update().where(is_pin(board_id, pin))
                sql.execute(statement.values(note=note))
            if place is not None:
                others = [other for other in pins if other is not pin]
                shown_places = [at for at, other in enumerate(others) if other.is_shown]
                at = shown_places[place] if place < len(shown_places) else len(others)
                store_places(sql, board_id, [*others[:at], pin, *others[at:]])

    def _boards(self, statement: sa.Select[Any]) -> list[Board]:
        with self._database.read_transaction() as sql:
            rows = sql.execute(statement).all()
            pins = pins_of_boards(sql, [row.id for row in rows])
        return [_board(row, pins[row.id]) for row in rows]


def _board(row: sa.Row[Any], pins: Sequence[Pin]) -> Board:
    shown_ids = [pin.picture_id for pin in pins if pin.is_shown]
    return Board(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        pictures=len(shown_ids),
        missing=len(pins) - len(shown_ids),
        cover=shown_ids[0] if shown_ids else None,
    )


def _add(sql: Sql, board_id: int, picture_ids: Sequence[int]) -> list[int]:
    pins = read_pins(sql, board_id)
    p = t.picture.c
    ids = list(dict.fromkeys(picture_ids))
    rows = in_pieces(sql, sa.select(p.id, p.content_hash).where(present()), p.id, ids)
    contents = {row.id: bytes(row.content_hash) for row in rows}
    unknown_id = next((picture_id for picture_id in ids if picture_id not in contents), None)
    if unknown_id is not None:
        raise NotFound(
            "unknown-picture", "there is no picture {id}; it may have been removed", id=unknown_id
        )
    contents_on_board, ids_on_board = (
        {pin.content_hash for pin in pins},
        {pin.picture_id for pin in pins},
    )
    new: dict[bytes, int] = {}
    for picture_id in ids:
        if picture_id not in ids_on_board and contents[picture_id] not in contents_on_board:
            new.setdefault(contents[picture_id], picture_id)
    if len(pins) + len(new) > MAX_PICTURES:
        raise BadQuery(
            "board-full",
            "a board may have {most:,} pictures; this one has {count:,}",
            most=MAX_PICTURES,
            count=len(pins),
        )
    first = pins[-1].place + 1 if pins else 0
    new_rows = [
        {"board_id": board_id, "content_hash": content, "picture_id": picture_id, "place": place}
        for place, (content, picture_id) in enumerate(new.items(), start=first)
    ]
    if new_rows:
        sql.execute(t.board_picture.insert(), new_rows)
    return list(new.values())


def _check_free(sql: Sql, name: str, but: int | None = None) -> None:
    owner_id = sql.scalar(sa.select(t.board.c.id).where(t.board.c.name.in_(forms(name))))
    if owner_id is not None and owner_id != but:
        raise NameTaken(
            "board-name-taken", "there is a board {name!r} already; choose another name", name=name
        )
