"""The collections and the numbers of their last changes: what every search begins with."""

from typing import Any

import sqlalchemy as sa

from search.catalog import tables as t
from search.catalog.database import Database
from search.catalog.records import Collection
from search.records import Space

WithHeads = tuple[tuple[Collection, int], ...]
"""Collections by name, each with the number of its last change, 0 before the first."""


class Heads:
    """Reads them, or gives what it read while nothing was committed since."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: tuple[int | None, WithHeads] = (None, ())

    def read(self) -> WithHeads:
        """All collections as they are now, whoever changed them."""
        version = self._database.version()  # first: what is committed meanwhile is read anew then
        kept, found = self._kept
        if version is None or version != kept:
            found = tuple(map(_collection, self._database.rows(_with_heads)))
            self._kept = (version, found)
        return found


def _collection(row: tuple[Any, ...]) -> tuple[Collection, int]:
    number, name, space_id, encoder, width, head = row
    return Collection(number, name, Space(space_id, encoder, width)), head


def _with_heads(_sqlite: bool) -> sa.Select[Any]:
    c, s = t.collection.c, t.space.c
    last = sa.select(sa.func.max(t.change.c.seq)).where(t.change.c.collection_id == c.id)
    head = sa.func.coalesce(last.scalar_subquery(), 0)
    return sa.select(c.id, c.name, s.id, s.encoder, s.width, head).join(t.space).order_by(c.name)
