"""The SQL of boards: pictures laid side by side by hand, in an order, with notes."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from search import tables as t
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
    pictures: int
    cover: int | None = None


@dataclass(frozen=True, slots=True)
class Pinned:
    """A picture on a board, and what was noted of it."""

    picture_id: int
    note: str


class Boards:
    """The boards of one database. A picture that is removed leaves its boards."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str) -> int:
        """Make an empty board and return its id; raises NameTaken."""
        b = t.board
        with self._database.writing() as sql:
            _check_free(sql, name)
            row = {"name": name, "created_at": now()}
            return int(sql.execute(b.insert().values(row).returning(b.c.id)).scalar_one())

    def all(self) -> list[Board]:
        """Every board, by name."""
        with self._database.reading() as sql:
            return _boards(sql, sa.true())

    def one(self, board_id: int) -> tuple[Board, list[Pinned]]:
        """A board and its pictures in their order; raises NotFound."""
        p = t.board_picture.c
        placed = sa.select(p.picture_id, p.note).where(p.board_id == board_id)
        with self._database.reading() as sql:
            found = _boards(sql, t.board.c.id == board_id)
            rows = sql.execute(placed.order_by(p.place, p.picture_id)).all()
        if not found:
            raise NotFound(f"there is no board {board_id}; it may have been deleted")
        return found[0], [Pinned(row.picture_id, row.note) for row in rows]

    def rename(self, board_id: int, name: str) -> None:
        """Give a board another name; raises NameTaken and NotFound."""
        b = t.board
        with self._database.writing() as sql:
            _check_free(sql, name, but=board_id)
            _found(sql.execute(b.update().where(b.c.id == board_id).values(name=name)).rowcount)

    def remove(self, board_id: int) -> None:
        """Forget a board; its pictures stay where they are. Raises NotFound."""
        with self._database.writing() as sql:
            _found(sql.execute(t.board.delete().where(t.board.c.id == board_id)).rowcount)

    def add(self, board_id: int, picture_ids: Sequence[int]) -> int:
        """Put pictures at the end of a board; returns how many were not on it yet.

        Raises:
            NotFound: the board or a picture is gone.
            BadQuery: more would be on it than a board holds.
        """
        with self._database.writing() as sql:
            held, last = _held(sql, board_id)
            new = [each for each in dict.fromkeys(picture_ids) if each not in held]
            if len(held) + len(new) > MOST_PICTURES:
                raise BadQuery(
                    f"a board holds {MOST_PICTURES:,} pictures; this one has {len(held):,}"
                )
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

    def take_off(self, board_id: int, picture_id: int) -> None:
        """Take a picture off a board; one that is not on it is passed over."""
        p = t.board_picture.c
        with self._database.writing() as sql:
            mine = (p.board_id == board_id) & (p.picture_id == picture_id)
            sql.execute(t.board_picture.delete().where(mine))

    def note(self, board_id: int, picture_id: int, note: str) -> None:
        """Write what is noted of a picture on a board; raises NotFound."""
        p = t.board_picture.c
        with self._database.writing() as sql:
            mine = (p.board_id == board_id) & (p.picture_id == picture_id)
            _found(sql.execute(t.board_picture.update().where(mine).values(note=note)).rowcount)

    def move(self, board_id: int, picture_id: int, place: int) -> None:
        """Move a picture to a place on its board, from 0; past the end is the end."""
        p = t.board_picture.c
        with self._database.writing() as sql:
            held, _ = _held(sql, board_id)
            if picture_id not in held:
                raise NotFound(f"picture {picture_id} is not on this board")
            order = [each for each in held if each != picture_id]
            order.insert(max(0, place), picture_id)
            for number, each in enumerate(order):
                if held[each] != number:
                    mine = (p.board_id == board_id) & (p.picture_id == each)
                    sql.execute(t.board_picture.update().where(mine).values(place=number))


_ID = t.picture.c.id


def _boards(sql: Sql, test: sa.ColumnElement[bool]) -> list[Board]:
    b, p = t.board.c, t.board_picture.c
    mine = p.board_id == b.id
    count = sa.select(sa.func.count()).where(mine).scalar_subquery()
    first = sa.select(p.picture_id).where(mine).order_by(p.place, p.picture_id).limit(1)
    statement = sa.select(b.id, b.name, count, first.scalar_subquery()).where(test)
    return [Board(*row) for row in sql.execute(statement.order_by(b.name))]


def _held(sql: Sql, board_id: int) -> tuple[dict[int, int], int]:
    """The pictures of a board with their places, in order, and the last place; -1 without any."""
    p = t.board_picture.c
    if sql.scalar(sa.select(t.board.c.id).where(t.board.c.id == board_id)) is None:
        raise NotFound(f"there is no board {board_id}; it may have been deleted")
    placed = sa.select(p.picture_id, p.place).where(p.board_id == board_id)
    rows = sql.execute(placed.order_by(p.place, p.picture_id)).all()
    return {row.picture_id: row.place for row in rows}, rows[-1].place if rows else -1


def _check_free(sql: Sql, name: str, but: int | None = None) -> None:
    held = sql.scalar(sa.select(t.board.c.id).where(t.board.c.name == name))
    if held is not None and held != but:
        raise NameTaken(f"there is a board {name!r} already; choose another name")


def _found(count: int) -> None:
    if not count:
        raise NotFound("that board, or the picture on it, is gone")
