"""Epochs of the change log: they tell a log that only grew from one that was put back and went on.

After a restored backup the numbers of changes are given a second time, to other changes. As with
the leader epochs of Kafka's logs (KIP-101), each writer begins an epoch at the log's end, under a
random name: what was read up to a number is right if that number is of the same epoch still.
"""

import secrets

import sqlalchemy as sa

from search.catalog import tables as t
from search.catalog.database import Database
from search.catalog.statements import Sql


class Epochs:
    """The epochs of all collections' logs, and those that this process has begun."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ours: dict[int, tuple[str, int]] = {}

    def at(self, collection_id: int, position: int) -> str:
        """Return the name of the epoch of a change; "" where it was written before there were any.

        `position` need not be in the log any more: an epoch has all numbers past its beginning.
        """
        e = t.change_epoch.c
        statement = (
            sa.select(e.name)
            .where(e.collection_id == collection_id, e.after < position)
            .order_by(e.id.desc())
            .limit(1)
        )
        with self._database.reading() as sql:
            return sql.scalar(statement) or ""

    def goes_on_from(self, collection_id: int, position: int, epoch: str) -> bool:
        """Return whether the log holds all that led to a change of that epoch, and then went on."""
        if position == 0:
            return True
        last = sa.select(sa.func.max(t.change.c.seq)).where(
            t.change.c.collection_id == collection_id
        )
        with self._database.reading() as sql:
            head = sql.scalar(last) or 0
        return position <= head and self.at(collection_id, position) == epoch

    def go_on(self, sql: Sql, collection_id: int) -> None:
        """Begin an epoch, unless the log goes on where this process has left it.

        The transaction `sql` holds the collection's lock, and has written no change yet.
        """
        c, e = t.change.c, t.change_epoch.c
        last = sa.select(sa.func.max(c.seq)).where(c.collection_id == collection_id)
        head = sql.scalar(last) or 0
        newest = sa.select(e.name).where(e.collection_id == collection_id)
        found = sql.scalar(newest.order_by(e.id.desc()).limit(1))
        name, least = self._ours.get(collection_id, ("", 0))
        if found != name or not name or head < least:
            name = secrets.token_hex(16)
            row = {"collection_id": collection_id, "name": name, "after": head}
            sql.execute(t.change_epoch.insert().values(row))
        self._ours[collection_id] = (name, head)
