"""The SQL of boards: pictures laid side by side by hand, in an order, with notes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from search import tables as t
from search.characters import forms
from search.database import Database
from search.errors import BadQuery, NameTaken, NotFound
from search.statements import Sql, in_pieces, now

# A page shows them all, each with its note.
MOST_PICTURES = 1_000


@dataclass(frozen=True, slots=True)
class Board:
    """A board and how many pictures are on it; `cover` is the first one's id."""

    id: int
    name: str
    created_at: str
    pictures: int
    cover: int | None


@dataclass(frozen=True, slots=True)
class Pinned:
    """A picture on a board, and what was noted of it."""

    picture_id: int
    note: str


class Boards:
    """The boards of one database. A picture that is removed leaves its boards."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, picture_ids: Sequence[int] = ()) -> int:
        """Make a board of pictures and return its id; raises NameTaken, and what `add` raises."""
        b = t.board
        with self._database.writing() as sql:
            _check_free(sql, name)
            row = {"name": name, "created_at": now()}
            board_id = int(sql.execute(b.insert().values(row).returning(b.c.id)).scalar_one())
            _add(sql, board_id, picture_ids)
        return board_id

    def names(self) -> dict[int, str]:
        """The names of all boards by their ids, in the order of the names."""
        b = t.board.c
        with self._database.reading() as sql:
            rows = sql.execute(sa.select(b.id, b.name).order_by(b.name)).all()
        return {row.id: row.name for row in rows}

    def all(self) -> list[Board]:
        """Every board, by name."""
        with self._database.reading() as sql:
            return _boards(sql, _told().order_by(t.board.c.name))

    def page(self, k: int, after: int = 0) -> list[Board]:
        """So many of the boards made after the one of that id, the first made first."""
        b = t.board.c
        with self._database.reading() as sql:
            return _boards(sql, _told().where(b.id > after).order_by(b.id).limit(k))

    def one(self, board_id: int) -> tuple[Board, list[Pinned]]:
        """A board and its pictures in their order; raises NotFound."""
        p = t.board_picture.c
        placed = sa.select(p.picture_id, p.note).where(p.board_id == board_id)
        with self._database.reading() as sql:
            found = _boards(sql, _told().where(t.board.c.id == board_id))
            rows = sql.execute(placed.order_by(p.place, p.picture_id)).all()
        if not found:
            raise NotFound(f"there is no board {board_id}; it may have been deleted")
        return found[0], [Pinned(row.picture_id, row.note) for row in rows]

    def change(self, board_id: int, name: str | None = None, order: Sequence[int] = ()) -> None:
        """Give a board another name, or put pictures of it first, in that order, or do both.

        Raises:
            NameTaken: another board has the name.
            NotFound: the board is gone, or a picture is not on it.
        """
        b = t.board
        with self._database.writing() as sql:
            held, _ = _held(sql, board_id)
            if name is not None:
                _check_free(sql, name, but=board_id)
                sql.execute(b.update().where(b.c.id == board_id).values(name=name))
            if order:
                _place(sql, board_id, held, list(dict.fromkeys([*order, *held])))

    def remove(self, board_id: int) -> None:
        """Forget a board; its pictures stay where they are. Raises NotFound."""
        with self._database.writing() as sql:
            _check_there(sql, board_id)
            sql.execute(t.board.delete().where(t.board.c.id == board_id))

    def add(self, board_id: int, picture_ids: Sequence[int]) -> int:
        """Put pictures at the end of a board; returns how many were not on it yet.

        Raises:
            NotFound: the board or a picture is gone.
            BadQuery: more would be on it than a board holds.
        """
        with self._database.writing() as sql:
            return _add(sql, board_id, picture_ids)

    def take_off(self, board_id: int, picture_id: int) -> None:
        """Take a picture off a board; one that is not on it is passed over. Raises NotFound."""
        p = t.board_picture.c
        with self._database.writing() as sql:
            _check_there(sql, board_id)
            mine = (p.board_id == board_id) & (p.picture_id == picture_id)
            sql.execute(t.board_picture.delete().where(mine))

    def edit(
        self, board_id: int, picture_id: int, note: str | None = None, place: int | None = None
    ) -> None:
        """Note something of a picture on a board, or move it to a place, from 0, or do both.

        A place past the end is the end. Raises NotFound: the board is gone, or the picture is not
        on it.
        """
        p = t.board_picture
        with self._database.writing() as sql:
            held, _ = _held(sql, board_id)
            others = [each for each in held if each != picture_id]
            if len(others) == len(held):
                raise NotFound(f"picture {picture_id} is not on this board")
            if note is not None:
                mine = (p.c.board_id == board_id) & (p.c.picture_id == picture_id)
                sql.execute(p.update().where(mine).values(note=note))
            if place is not None:
                _place(sql, board_id, held, [*others[:place], picture_id, *others[place:]])


_ID = t.picture.c.id


def _told() -> sa.Select[Any]:
    b, p = t.board.c, t.board_picture.c
    mine = p.board_id == b.id
    count = sa.select(sa.func.count()).where(mine).scalar_subquery()
    first = sa.select(p.picture_id).where(mine).order_by(p.place, p.picture_id).limit(1)
    return sa.select(b.id, b.name, b.created_at, count, first.scalar_subquery())


def _boards(sql: Sql, statement: sa.Select[Any]) -> list[Board]:
    return [Board(*row) for row in sql.execute(statement)]


def _held(sql: Sql, board_id: int) -> tuple[dict[int, int], int]:
    """The pictures of a board with their places, in order, and the last place; -1 without any."""
    p = t.board_picture.c
    _check_there(sql, board_id)
    placed = sa.select(p.picture_id, p.place).where(p.board_id == board_id)
    rows = sql.execute(placed.order_by(p.place, p.picture_id)).all()
    return {row.picture_id: row.place for row in rows}, rows[-1].place if rows else -1


def _add(sql: Sql, board_id: int, picture_ids: Sequence[int]) -> int:
    held, last = _held(sql, board_id)
    new = [each for each in dict.fromkeys(picture_ids) if each not in held]
    if len(held) + len(new) > MOST_PICTURES:
        raise BadQuery(f"a board holds {MOST_PICTURES:,} pictures; this one has {len(held):,}")
    there = {row.id for row in in_pieces(sql, sa.select(t.picture.c.id), _ID, new)}
    gone = next((each for each in new if each not in there), None)
    if gone is not None:
        raise NotFound(f"there is no picture {gone}; it may have been removed")
    rows = [
        {"board_id": board_id, "picture_id": each, "place": last + 1 + place}
        for place, each in enumerate(new)
    ]
    if rows:
        sql.execute(t.board_picture.insert(), rows)
    return len(new)


def _place(sql: Sql, board_id: int, held: Mapping[int, int], order: Sequence[int]) -> None:
    """Give pictures their places in this order; raises NotFound where one is not on the board."""
    p = t.board_picture.c
    for number, each in enumerate(order):
        if each not in held:
            raise NotFound(f"picture {each} is not on this board")
        if held[each] != number:
            mine = (p.board_id == board_id) & (p.picture_id == each)
            sql.execute(t.board_picture.update().where(mine).values(place=number))


def _check_there(sql: Sql, board_id: int) -> None:
    if sql.scalar(sa.select(t.board.c.id).where(t.board.c.id == board_id)) is None:
        raise NotFound(f"there is no board {board_id}; it may have been deleted")


def _check_free(sql: Sql, name: str, but: int | None = None) -> None:
    held = sql.scalar(sa.select(t.board.c.id).where(t.board.c.name.in_(forms(name))))
    if held is not None and held != but:
        raise NameTaken(f"there is a board {name!r} already; choose another name")
