"""SQL of boards: pictures pinned by hand, in an order, with notes.

A pin names its picture by content: it outlives a missing file, a picture that is removed and
comes back, and a collection that is indexed from the beginning.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from search.catalog.contents import ids_by_content, present
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
class Pinned:
    """A picture on a board, and its note."""

    picture_id: int
    note: str


@dataclass(frozen=True, slots=True)
class _Pin:
    """A row of a board and its current picture; `shown` if the picture's file is there."""

    content_hash: bytes
    picture_id: int
    place: int
    note: str
    shown: bool


class CatalogBoards:
    """The boards of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, picture_ids: Sequence[int] = ()) -> int:
        """Make a board of pictures and return its id; raise NameTaken, and what `add` raises."""
        b = t.board
        with self._database.writing() as sql:
            _check_free(sql, name)
            row = {"name": name, "created_at": now()}
            board_id = int(sql.execute(b.insert().values(row).returning(b.c.id)).scalar_one())
            _add(sql, board_id, picture_ids)
        return board_id

    def names(self) -> dict[int, str]:
        """Return the names of all boards by their ids, in the order of the names."""
        b = t.board.c
        with self._database.reading() as sql:
            rows = sql.execute(sa.select(b.id, b.name).order_by(b.name)).all()
        return {row.id: row.name for row in rows}

    def all(self) -> list[Board]:
        """Return every board, by name."""
        return self._boards(sa.select(t.board).order_by(t.board.c.name))

    def page(self, k: int, after: int = 0) -> list[Board]:
        """Return up to `k` of the boards made after the one with id `after`, oldest first."""
        b = t.board.c
        return self._boards(sa.select(t.board).where(b.id > after).order_by(b.id).limit(k))

    def one(self, board_id: int) -> tuple[Board, list[Pinned]]:
        """Return a board and its pictures whose files are there, in order; raise NotFound."""
        with self._database.reading() as sql:
            row = sql.execute(sa.select(t.board).where(t.board.c.id == board_id)).one_or_none()
            if row is None:
                raise _gone(board_id)
            pins = _pins(sql, [board_id])[board_id]
        return _board(row, pins), [Pinned(pin.picture_id, pin.note) for pin in pins if pin.shown]

    def change(self, board_id: int, name: str | None = None, order: Sequence[int] = ()) -> None:
        """Rename a board, or move pictures to its beginning in that order, or do both.

        Raises:
            NameTaken: another board has the name.
            NotFound: the board no longer exists, or a picture is not on it.
        """
        b = t.board
        with self._database.writing() as sql:
            pins = _held(sql, board_id)
            if name is not None:
                _check_free(sql, name, but=board_id)
                sql.execute(b.update().where(b.c.id == board_id).values(name=name))
            if order:
                first = [_pin_of(pins, each) for each in dict.fromkeys(order)]
                _place(sql, board_id, [*first, *(pin for pin in pins if pin not in first)])

    def remove(self, board_id: int) -> None:
        """Delete a board; its pictures stay indexed. Raise NotFound for an unknown board."""
        with self._database.writing() as sql:
            _check_there(sql, board_id)
            sql.execute(t.board.delete().where(t.board.c.id == board_id))

    def add(self, board_id: int, picture_ids: Sequence[int]) -> int:
        """Add pictures at the end of a board; return how many were not on it yet.

        Of several pictures with the same content, one is added.

        Raises:
            NotFound: the board or a picture no longer exists.
            BadQuery: the board would have more pictures than allowed.
        """
        with self._database.writing() as sql:
            return _add(sql, board_id, picture_ids)

    def take_off(self, board_id: int, picture_id: int) -> None:
        """Remove a picture from a board, if it is on it; raise NotFound for an unknown board."""
        with self._database.writing() as sql:
            for pin in _held(sql, board_id):
                if pin.picture_id == picture_id:
                    sql.execute(t.board_picture.delete().where(_of(board_id, pin)))

    def edit(
        self, board_id: int, picture_id: int, note: str | None = None, place: int | None = None
    ) -> None:
        """Write a note for a picture on a board, or move it to a place, from 0, or do both.

        Places count the pictures that are shown; one past the end is the end.

        Raises:
            NotFound: the board no longer exists, or the picture is not on it.
        """
        with self._database.writing() as sql:
            pins = _held(sql, board_id)
            pin = _pin_of(pins, picture_id)
            if note is not None:
                noted = t.board_picture.update().where(_of(board_id, pin))
                sql.execute(noted.values(note=note))
            if place is not None:
                others = [each for each in pins if each is not pin]
                shown = [at for at, each in enumerate(others) if each.shown]
                at = shown[place] if place < len(shown) else len(others)
                _place(sql, board_id, [*others[:at], pin, *others[at:]])

    def _boards(self, statement: sa.Select[Any]) -> list[Board]:
        with self._database.reading() as sql:
            rows = sql.execute(statement).all()
            pins = _pins(sql, [row.id for row in rows])
        return [_board(row, pins[row.id]) for row in rows]


def _board(row: sa.Row[Any], pins: Sequence[_Pin]) -> Board:
    shown = [pin.picture_id for pin in pins if pin.shown]
    return Board(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        pictures=len(shown),
        missing=len(pins) - len(shown),
        cover=shown[0] if shown else None,
    )


def _pins(sql: Sql, board_ids: Sequence[int]) -> dict[int, list[_Pin]]:
    """Return the pins of boards in their order, each with its current picture.

    The current picture is the pinned one, where it still has the content; else another with that
    content; else the pinned one, whose file was edited since.
    """
    b = t.board_picture.c
    rows = in_pieces(sql, sa.select(t.board_picture), b.board_id, board_ids)
    holders = ids_by_content(sql, [row.content_hash for row in rows])
    ids = {row.picture_id for row in rows} | {each for some in holders.values() for each in some}
    there = sa.select(t.picture.c.id).where(present())
    shown = {row.id for row in in_pieces(sql, there, t.picture.c.id, list(ids))}
    pins: dict[int, list[_Pin]] = {board_id: [] for board_id in board_ids}
    for row in sorted(rows, key=lambda row: (row.place, row.picture_id)):
        holding = holders.get(bytes(row.content_hash), [])
        picture_id = _current(row.picture_id, holding, shown)
        pins[row.board_id].append(
            _Pin(bytes(row.content_hash), picture_id, row.place, row.note, picture_id in shown)
        )
    return pins


def _current(pinned: int, holding: Sequence[int], shown: Set[int]) -> int:
    """Return a pin's current picture: of those with its content, one that can be shown."""
    if not holding or (pinned in holding and (pinned in shown or holding[0] not in shown)):
        return pinned
    return holding[0]


def _held(sql: Sql, board_id: int) -> list[_Pin]:
    """Return the pins of a board in their order; raise NotFound."""
    _check_there(sql, board_id)
    return _pins(sql, [board_id])[board_id]


def _pin_of(pins: Sequence[_Pin], picture_id: int) -> _Pin:
    found = next((pin for pin in pins if pin.picture_id == picture_id), None)
    if found is None:
        raise NotFound("picture-not-on-board", "picture {id} is not on this board", id=picture_id)
    return found


def _of(board_id: int, pin: _Pin) -> sa.ColumnElement[bool]:
    b = t.board_picture.c
    return (b.board_id == board_id) & (b.content_hash == pin.content_hash)


def _add(sql: Sql, board_id: int, picture_ids: Sequence[int]) -> int:
    pins = _held(sql, board_id)
    p = t.picture.c
    wanted = list(dict.fromkeys(picture_ids))
    rows = in_pieces(sql, sa.select(p.id, p.content_hash).where(present()), p.id, wanted)
    contents = {row.id: bytes(row.content_hash) for row in rows}
    gone = next((each for each in wanted if each not in contents), None)
    if gone is not None:
        raise NotFound(
            "unknown-picture", "there is no picture {id}; it may have been removed", id=gone
        )
    held, pinned = {pin.content_hash for pin in pins}, {pin.picture_id for pin in pins}
    new: dict[bytes, int] = {}
    for each in wanted:
        if each not in pinned and contents[each] not in held:
            new.setdefault(contents[each], each)
    if len(pins) + len(new) > MAX_PICTURES:
        raise BadQuery(
            "board-full",
            "a board may have {most:,} pictures; this one has {count:,}",
            most=MAX_PICTURES,
            count=len(pins),
        )
    first = pins[-1].place + 1 if pins else 0
    added = [
        {"board_id": board_id, "content_hash": content, "picture_id": each, "place": place}
        for place, (content, each) in enumerate(new.items(), start=first)
    ]
    if added:
        sql.execute(t.board_picture.insert(), added)
    return len(new)


def _place(sql: Sql, board_id: int, order: Sequence[_Pin]) -> None:
    """Store the places of pins in this order."""
    for number, pin in enumerate(order):
        if pin.place != number:
            placed = t.board_picture.update().where(_of(board_id, pin))
            sql.execute(placed.values(place=number))


def _check_there(sql: Sql, board_id: int) -> None:
    if sql.scalar(sa.select(t.board.c.id).where(t.board.c.id == board_id)) is None:
        raise _gone(board_id)


def _gone(board_id: int) -> NotFound:
    return NotFound(
        "unknown-board", "there is no board {id}; it may have been deleted", id=board_id
    )


def _check_free(sql: Sql, name: str, but: int | None = None) -> None:
    held = sql.scalar(sa.select(t.board.c.id).where(t.board.c.name.in_(forms(name))))
    if held is not None and held != but:
        raise NameTaken(
            "board-name-taken", "there is a board {name!r} already; choose another name", name=name
        )
