"""Statements of orders: the values that pictures are sorted by, of a set or of what passes."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from search.catalog.conditions import Test
from search.catalog.contents import present
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.filters import CatalogFilters, passes, stored_column
from search.errors import BadQuery
from search.picture_facts import FACTS, FactType
from search.query.filters.fields import COLUMN
from search.query.filters.tree import Filter
from search.query.sorting import RELEVANCE, Sort, format_sort, parse_sort

p, f = t.picture.c, t.field.c


class SortRow(NamedTuple):
    """A picture, and its value of the field to sort by; None without one."""

    picture_id: int
    value: str | float | None


TYPES: tuple[FactType, ...] = ("name", "text", "moment", "pixels", "number", "degrees")

FIELDS: dict[str, sa.ColumnElement[Any]] = {
    **{fact.field or fact.name: p[fact.name] for fact in FACTS if fact.type in TYPES},
    # Frames of a film are stored without a size, so that a film counts once.
    "size": sa.func.nullif(p.size_bytes, 0),
    # 32 bits times 32 bits: PostgreSQL refuses a product that overflows 32 bits.
    "megapixels": sa.cast(p.width_px, sa.BigInteger) * p.height_px / 1e6,
    "name": p.path,
    "folder": p.path,
}
"""The facts that pictures are sorted by, as columns of `picture`."""


class CatalogSorting:
    """The part of the catalog that reads the values of orders."""

    def __init__(self, database: Database, filters: CatalogFilters) -> None:
        self._database = database
        self._filters = filters

    def resolve(self, collection_ids: Sequence[int], text: str) -> str:
        """Return the order of `parse_sort` with its field named as in these collections.

        Raises:
            BadQuery: there is no such fact or column; the message lists both.
        """
        sort = parse_sort(text)
        if sort is None:
            return RELEVANCE
        if sort.field.casefold() in FIELDS:
            return format_sort(replace(sort, field=sort.field.casefold()))
        columns = self._filters.columns(collection_ids)
        stored_name = stored_column(sort.field.removeprefix(COLUMN), columns)
        if stored_name is None:
            raise BadQuery(
                "sort-unknown",
                "there is no field {name!r} to sort by; the fields are: {fields}; and the columns "
                "that came with the pictures: {columns}",
                name=sort.field[:80],
                fields=", ".join((RELEVANCE, *FIELDS)),
                columns=", ".join(columns) or "none",
            )
        return format_sort(replace(sort, field=COLUMN + stored_name))

    def values(self, ids: Sequence[int], sort: Sort) -> list[SortRow]:
        """Return the values of a set's pictures, in one statement, without removed ones."""
        plain_ids = [int(picture_id) for picture_id in ids]
        belongs: Test
        if self._database.is_sqlite:  # one value, however many ids
            elements = sa.func.json_each(json.dumps(plain_ids)).table_valued("value")
            belongs = p.id.in_(sa.select(elements.c.value))
        else:
            belongs = p.id == sa.any_(sa.literal(plain_ids, ARRAY(sa.BigInteger)))
        with self._database.read_transaction() as sql:
            return _rows(sql.execute(_select(sort).where(belongs, present())), sort)

    def first(
        self, collection_ids: Sequence[int], where: Filter | None, sort: Sort, limit: int
    ) -> list[SortRow]:
        """Return the first pictures that pass, and their values: unknown values come last."""
        statement = _select(sort).where(
            p.collection_id.in_(collection_ids),
            sa.true() if where is None else passes(where),
            present(),
        )
        keys, is_known = _keys(sort, self._database.is_sqlite)
        ends = [key.desc() if sort.is_descending else key for key in (*keys, p.id)]
        with self._database.read_transaction() as sql:
            with_value = statement.where(is_known).order_by(*ends).limit(limit)
            rows = _rows(sql.execute(with_value), sort)
            if len(rows) < limit:
                without_value = statement.where(sa.not_(is_known)).order_by(ends[-1])
                rows += _rows(sql.execute(without_value.limit(limit - len(rows))), sort)
        return rows


def _select(sort: Sort) -> sa.Select[Any]:
    """Return the statement of ids and values, without a condition."""
    if sort.field in FIELDS:
        return sa.select(p.id, FIELDS[sort.field])
    is_column = (f.picture_id == p.id) & (f.name == sort.field.removeprefix(COLUMN))
    return sa.select(p.id, f.number, f.text).select_from(t.picture.outerjoin(t.field, is_column))


def _keys(sort: Sort, is_sqlite: bool) -> tuple[list[sa.ColumnElement[Any]], Test]:
    """Return what the database orders by, and the condition that a picture has the value."""
    if sort.field not in FIELDS:
        return [f.number.is_(None), f.number, f.text], f.picture_id.is_not(None)
    expression = FIELDS[sort.field]
    if sort.field == "name":
        return [_file_name(is_sqlite)], sa.true()
    return [expression], expression.is_not(None)


def _file_name(is_sqlite: bool) -> sa.ColumnElement[str]:
    """Return the name of a picture's file, lowered, as far as the database knows letters."""
    path = sa.cast(p.path, sa.Text) if is_sqlite else sa.func.encode(p.path, "escape")
    folder = sa.func.rtrim(path, sa.func.replace(path, "/", ""))
    return sa.func.lower(sa.func.substr(path, sa.func.length(folder) + 1))


def _rows(rows: Iterable[Sequence[Any]], sort: Sort) -> list[SortRow]:
    if sort.field == "name":
        return [SortRow(row[0], Path(os.fsdecode(row[1])).name) for row in rows]
    if sort.field == "folder":
        return [SortRow(row[0], str(Path(os.fsdecode(row[1])).parent)) for row in rows]
    if sort.field not in FIELDS:
        return [SortRow(row[0], row[2] if row[1] is None else row[1]) for row in rows]
    return [SortRow(row[0], row[1]) for row in rows]
