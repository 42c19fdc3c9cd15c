"""The SQL of saved searches: addresses of the page under names."""

from dataclasses import dataclass

import sqlalchemy as sa

from search import tables as t
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
        s = t.saved_search
        with self._database.reading() as sql:
            rows = sql.execute(sa.select(s).order_by(s.c.name)).all()
        return [SavedSearch(row.id, row.name, row.address, row.created_at) for row in rows]

    def rename(self, search_id: int, name: str) -> None:
        """Give a saved search another name; raises NameTaken and NotFound."""
        s = t.saved_search
        with self._database.writing() as sql:
            _check_free(sql, name, but=search_id)
            _found(sql.execute(s.update().where(s.c.id == search_id).values(name=name)).rowcount)

    def remove(self, search_id: int) -> None:
        """Forget a saved search; raises NotFound."""
        s = t.saved_search
        with self._database.writing() as sql:
            _found(sql.execute(s.delete().where(s.c.id == search_id)).rowcount)


def _check_free(sql: Sql, name: str, but: int | None = None) -> None:
    s = t.saved_search.c
    held = sql.scalar(sa.select(s.id).where(s.name == name))
    if held is not None and held != but:
        raise NameTaken(f"there is a saved search {name!r} already; choose another name")


def _found(count: int) -> None:
    if not count:
        raise NotFound("that saved search is gone; see the page of what is kept")
