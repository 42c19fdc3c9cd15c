"""SQL of board links: each shows one board to whoever has its secret, without a token."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from search.catalog.board_pins import check_board
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import now
from search.errors import BadQuery, NotFound
from search.query.limits import MAX_LINK_DAYS, MAX_LINKS

# 192 bits, in 32 characters of an address.
SECRET_BYTES = 24


@dataclass(frozen=True, slots=True)
class BoardLink:
    """A link to a board; without `expires_at` it holds until it is withdrawn."""

    id: int
    board_id: int
    created_at: str
    expires_at: str | None

    @property
    def has_ended(self) -> bool:
        """Return whether the link no longer leads to the board."""
        return self.expires_at is not None and self.expires_at <= now()


class BoardLinks:
    """The links to the boards of one database. Only hashes of their secrets are stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, board_id: int, days: int | None = None) -> tuple[BoardLink, str]:
        """Make a link and return it with its secret, which can't be shown again.

        Raises:
            NotFound: the board no longer exists.
            BadQuery: the board has as many links as allowed, or the days are out of range.
        """
        if days is not None and not 1 <= days <= MAX_LINK_DAYS:
            raise BadQuery(
                "link-days-out-of-range",
                "the link is to hold for {days} days; it may hold for 1 to {most:,}",
                days=days,
                most=MAX_LINK_DAYS,
            )
        secret = secrets.token_urlsafe(SECRET_BYTES)
        made_at = datetime.now(UTC)
        ends_at = None if days is None else made_at + timedelta(days=days)
        b = t.board_link
        row = {
            "board_id": board_id,
            "secret_hash": _hash(secret),
            "created_at": made_at.isoformat(timespec="seconds"),
            "expires_at": ends_at and ends_at.isoformat(timespec="seconds"),
        }
        with self._database.write_transaction() as sql:
            check_board(sql, board_id)
            links = sa.select(sa.func.count()).where(b.c.board_id == board_id)
            if (sql.scalar(links) or 0) >= MAX_LINKS:
                raise BadQuery(
                    "board-has-all-links",
                    "a board may have {most} links; withdraw one first",
                    most=MAX_LINKS,
                )
            statement = b.insert().values(row).returning(b)
            return _link(sql.execute(statement).one()), secret

    def all(self, board_id: int) -> list[BoardLink]:
        """Return the links of a board, the oldest first; raise NotFound."""
        b = t.board_link.c
        with self._database.read_transaction() as sql:
            check_board(sql, board_id)
            statement = sa.select(t.board_link).where(b.board_id == board_id).order_by(b.id)
            return [_link(row) for row in sql.execute(statement)]

    def withdraw(self, board_id: int, link_id: int) -> None:
        """Delete a link of a board, whose secret then leads nowhere; raise NotFound."""
        b = t.board_link
        with self._database.write_transaction() as sql:
            check_board(sql, board_id)
            condition = (b.c.id == link_id) & (b.c.board_id == board_id)
            if not sql.execute(b.delete().where(condition)).rowcount:
                raise NotFound(
                    "unknown-board-link",
                    "the board has no link {id}; it may have been withdrawn",
                    id=link_id,
                )

    def board_of_secret(self, secret: str) -> int:
        """Return the id of the board that a secret shows, by hash: timing reveals nothing.

        Raises:
            NotFound: there is no such link, or it was withdrawn or has ended.
        """
        statement = sa.select(t.board_link).where(t.board_link.c.secret_hash == _hash(secret))
        with self._database.read_transaction() as sql:
            row = sql.execute(statement).one_or_none()
        if row is None or _link(row).has_ended:
            raise NotFound(
                "board-link-leads-nowhere",
                "this link leads to no board: it was withdrawn, has ended or is not complete; "
                "ask for another where it came from",
            )
        return int(row.board_id)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _link(row: sa.Row[Any]) -> BoardLink:
    return BoardLink(row.id, row.board_id, row.created_at, row.expires_at)
