"""The SQL of saved searches: addresses of the page under names."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from search import tables as t
from search.characters import forms
from search.database import Database
from search.errors import NameTaken, NotFound
from search.statements import Sql, now


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A question of the page: what stands after the "?" of its address."""

    id: int
    name: str
    address: str
    created_at: str


class SavedSearches:
    """The saved searches of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, name: str, address: str) -> int:
        """Keep an address under a name; raises NameTaken."""
        s = t.saved_search
        with self._database.writing() as sql:
            _check_free(sql, name)
            row = {"name": name, "address": address, "created_at": now()}
            return int(sql.execute(s.insert().values(row).returning(s.c.id)).scalar_one())

    def all(self) -> list[SavedSearch]:
        """Every saved search, by name."""
        return self._rows(sa.select(t.saved_search).order_by(t.saved_search.c.name))

    def page(self, k: int, after: int = 0) -> list[SavedSearch]:
        """So many of those saved after the one of that id, the first saved first."""
        s = t.saved_search
        return self._rows(sa.select(s).where(s.c.id > after).order_by(s.c.id).limit(k))

    def one(self, search_id: int) -> SavedSearch:
        """A saved search; raises NotFound."""
        found = self._rows(sa.select(t.saved_search).where(t.saved_search.c.id == search_id))
        _found(len(found))
        return found[0]

    def change(self, search_id: int, **values: str) -> None:
        """Give a saved search another `name` or `address`; raises NameTaken and NotFound."""
        s = t.saved_search
        with self._database.writing() as sql:
            if "name" in values:
                _check_free(sql, values["name"], but=search_id)
            _found(sql.execute(s.update().where(s.c.id == search_id).values(values)).rowcount)

    def remove(self, search_id: int) -> None:
        """Forget a saved search; raises NotFound."""
        s = t.saved_search
        with self._database.writing() as sql:
            _found(sql.execute(s.delete().where(s.c.id == search_id)).rowcount)

    def _rows(self, statement: sa.Select[Any]) -> list[SavedSearch]:
        with self._database.reading() as sql:
            rows = sql.execute(statement).all()
        return [SavedSearch(row.id, row.name, row.address, row.created_at) for row in rows]


def _check_free(sql: Sql, name: str, but: int | None = None) -> None:
    s = t.saved_search.c
    held = sql.scalar(sa.select(s.id).where(s.name.in_(forms(name))))
    if held is not None and held != but:
        raise NameTaken(f"there is a saved search {name!r} already; choose another name")


def _found(count: int) -> None:
    if not count:
        raise NotFound("that saved search is gone; see the page of what is kept")
