"""SQL of saved searches: addresses of the page, saved by name.

The pictures in an address are stored by their content: one that was removed and came back under
another id is found again.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from search.catalog.contents import ids_by_content
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, in_pieces, now
from search.errors import NameTaken, NotFound
from search.query.filters.saved_address import picture_ids, with_ids
from search.text.characters import forms


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search of the page by the part of its address after the "?"."""

    id: int
    name: str
    address: str
    created_at: str


class CatalogSavedSearches:
    """The saved searches of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, name: str, address: str) -> int:
        """Save an address under a name; raise NameTaken."""
        s = t.saved_search
        with self._database.write_transaction() as sql:
            _check_free(sql, name)
            row = {"name": name, "address": address, "created_at": now()}
            search_id = int(sql.execute(s.insert().values(row).returning(s.c.id)).scalar_one())
            _note_pictures(sql, search_id, address)
        return search_id

    def all(self) -> list[SavedSearch]:
        """Return every saved search, by name."""
        return self._rows(sa.select(t.saved_search).order_by(t.saved_search.c.name))

    def page(self, k: int, after: int = 0) -> list[SavedSearch]:
        """Return up to `k` of those saved after the one with id `after`, oldest first."""
        s = t.saved_search
        return self._rows(sa.select(s).where(s.c.id > after).order_by(s.c.id).limit(k))

    def one(self, search_id: int) -> SavedSearch:
        """Return a saved search; raise NotFound."""
        searches = self._rows(sa.select(t.saved_search).where(t.saved_search.c.id == search_id))
        _check_found(len(searches))
        return searches[0]

    def change(self, search_id: int, **values: str) -> None:
        """Give a saved search another `name` or `address`; raise NameTaken or NotFound."""
        s = t.saved_search
        with self._database.write_transaction() as sql:
            if "name" in values:
                _check_free(sql, values["name"], but=search_id)
            _check_found(sql.execute(s.update().where(s.c.id == search_id).values(values)).rowcount)
            if "address" in values:
                _note_pictures(sql, search_id, values["address"])

    def remove(self, search_id: int) -> None:
        """Delete a saved search; raise NotFound."""
        s = t.saved_search
        with self._database.write_transaction() as sql:
            _check_found(sql.execute(s.delete().where(s.c.id == search_id)).rowcount)

    def _rows(self, statement: sa.Select[Any]) -> list[SavedSearch]:
        with self._database.read_transaction() as sql:
            rows = sql.execute(statement).all()
            current = _current_ids(sql, [row.id for row in rows])
        return [
            SavedSearch(row.id, row.name, with_ids(row.address, current[row.id]), row.created_at)
            for row in rows
        ]


def _note_pictures(sql: Sql, search_id: int, address: str) -> None:
    """Store the current contents of the pictures in an address."""
    table = t.saved_search_picture
    sql.execute(table.delete().where(table.c.saved_search_id == search_id))
    p = t.picture.c
    statement = sa.select(p.id, p.content_hash)
    rows = [
        {"saved_search_id": search_id, "picture_id": row.id, "content_hash": row.content_hash}
        for row in in_pieces(sql, statement, p.id, picture_ids(address))
    ]
    if rows:
        sql.execute(table.insert(), rows)


def _current_ids(sql: Sql, search_ids: Sequence[int]) -> dict[int, dict[int, int]]:
    """Return, by saved search, the new ids of pictures whose contents have other ids now."""
    n = t.saved_search_picture.c
    statement = sa.select(n.saved_search_id, n.picture_id, n.content_hash)
    rows = in_pieces(sql, statement, n.saved_search_id, search_ids)
    holders = ids_by_content(sql, [row.content_hash for row in rows])
    current: dict[int, dict[int, int]] = defaultdict(dict)
    for row in rows:
        copies = holders.get(bytes(row.content_hash), [])
        if copies and row.picture_id not in copies:
            current[row.saved_search_id][row.picture_id] = copies[0]
    return current


def _check_free(sql: Sql, name: str, but: int | None = None) -> None:
    s = t.saved_search.c
    owner_id = sql.scalar(sa.select(s.id).where(s.name.in_(forms(name))))
    if owner_id is not None and owner_id != but:
        raise NameTaken(
            "saved-search-name-taken",
            "there is a saved search {name!r} already; choose another name",
            name=name,
        )


def _check_found(count: int) -> None:
    if not count:
        raise NotFound(
            "unknown-saved-search", "that saved search was removed; see the page of saved searches"
        )
