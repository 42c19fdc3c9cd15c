"""SQL of adapters: install one for a collection and space, turn it on or off, remove it."""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import now
from search.catalog.query_adapter import Adapter, InstalledAdapter
from search.errors import DatabaseUnavailable, NotFound
from search.records import Collection
from search.text.characters import forms


class Adapters:
    """The adapters of one database: at most one for a collection and space."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def install(
        self, collection: Collection, adapter: Adapter, facts: Mapping[str, object]
    ) -> None:
        """Install an adapter, in place of the collection's former one."""
        a = t.adapter.c
        row = {
            "collection_id": collection.id,
            "space_id": collection.space.id,
            "enabled": True,
            "rank": len(adapter.down),
            "matrices": adapter.to_bytes(),
            "facts": json.dumps(facts),
            "made_at": now(),
        }
        mine = (a.collection_id == collection.id) & (a.space_id == collection.space.id)
        with self._database.write_transaction() as sql:
            sql.execute(t.adapter.delete().where(mine))
            sql.execute(t.adapter.insert(), [row])

    def all(self) -> list[InstalledAdapter]:
        """Return every adapter, by collection."""
        with self._database.read_transaction() as sql:
            return [_installed_adapter(row) for row in sql.execute(_select_adapters())]

    def in_use(self) -> dict[tuple[int, str], Adapter]:
        """Return the adapters that are turned on, by collection and space."""
        with self._database.read_transaction() as sql:
            rows = sql.execute(_select_adapters().where(t.adapter.c.enabled)).all()
        return {(row.collection_id, row.space_id): _installed_adapter(row).adapter for row in rows}

    def turn(self, name: str, on: bool) -> None:
        """Turn a collection's adapter on or off; raise NotFound if it has none."""
        self._change(name, t.adapter.update().values(enabled=on))

    def remove(self, name: str) -> None:
        """Delete a collection's adapter; raise NotFound if it has none."""
        self._change(name, t.adapter.delete())

    def _change(self, name: str, statement: sa.Update | sa.Delete) -> None:
        collection_ids = sa.select(t.collection.c.id).where(t.collection.c.name.in_(forms(name)))
        with self._database.write_transaction() as sql:
            result = sql.execute(statement.where(t.adapter.c.collection_id.in_(collection_ids)))
            if not result.rowcount:
                raise NotFound(
                    "unknown-adapter",
                    "collection {name!r} has no adapter; train one of its marks: "
                    "limn train --from-feedback --collection {name!q}",
                    name=name,
                )


def _select_adapters() -> sa.Select[Any]:
    tables = t.adapter.join(t.collection)
    return sa.select(t.adapter, t.collection.c.name).select_from(tables).order_by("name")


def _installed_adapter(row: sa.Row[Any]) -> InstalledAdapter:
    try:
        adapter = Adapter.from_bytes(row.matrices, row.rank)
    except ValueError as error:
        raise DatabaseUnavailable(
            "adapter-damaged",
            "the adapter of collection {name!r} is damaged in the database; "
            "remove it: limn adapter remove {name!q}",
            name=row.name,
        ) from error
    return InstalledAdapter(
        row.name, row.space_id, bool(row.enabled), adapter, json.loads(row.facts), row.made_at
    )
