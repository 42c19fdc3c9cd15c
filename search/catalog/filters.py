"""Statements of filters: the pictures that pass one, as ids and as a condition on `picture`."""

from collections.abc import Callable, Sequence

import numpy as np
import sqlalchemy as sa

from search.catalog.conditions import Test, column, find_condition
from search.catalog.contents import present
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.read_once import ReadOnce
from search.errors import BadQuery
from search.query.filters.fields import COLUMN, field_names
from search.query.filters.grammar import (
    ResolvedCondition,
    column_of,
    conditions,
    in_column,
    map_conditions,
    value_of,
)
from search.query.filters.normal_form import normal_form
from search.query.filters.tree import AllOf, AnyOf, Condition, Filter, Not
from search.records import Ids
from search.text.characters import compose

# SQLite follows expressions 1,000 levels deep, and each part of an "and" is one.
MAX_JOINED = 200

p = t.picture.c


class CatalogFilters:
    """The part of the catalog that finds the pictures of a filter."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._columns = ReadOnce[list[str]](database)

    def resolve(self, collection_ids: Sequence[int], where: Filter) -> Filter:
        """Return the filter with its values read, its columns named as in these collections.

        Raises:
            BadQuery: the collections have no such column, and the message lists theirs; or an
                operator or a value is unknown.
        """
        has_columns = any(map(column_of, conditions(where)))
        columns = self.columns(collection_ids) if has_columns else []

        def with_value(condition: Condition) -> Condition:
            name = column_of(condition)
            if name is not None:
                stored_name = stored_column(name, columns)
                if stored_name is None:
                    raise _unknown(name, columns)
                condition = in_column(condition, stored_name)
            return ResolvedCondition(
                condition.field, condition.operator, condition.value, value_of(condition)
            )

        return map_conditions(where, with_value)

    def condition(self, where: Filter) -> Test:
        """Return the filter's condition; raise BadQuery for one that can't become a statement."""
        return passes(where)

    def check(self, where: Filter) -> None:
        """Raise BadQuery for a filter that can't become a statement."""
        self.condition(where)

    def columns(self, collection_ids: Sequence[int]) -> list[str]:
        """Return the names of the extra columns of these collections, in order.

        They are read once while nothing is committed, where the database knows that.
        """
        ids = tuple(collection_ids)
        return list(self._columns.value(lambda: self._read_columns(ids), ids))

    def _read_columns(self, collection_ids: Sequence[int]) -> list[str]:
        f = t.field.c
        # From name to name by the index: a million rows of one name cost one step.
        names = sa.select(sa.func.min(f.name).label("name")).cte("names", recursive=True)
        next_name = sa.select(sa.func.min(f.name)).where(f.name > names.c.name).scalar_subquery()
        names = names.union_all(sa.select(next_name).where(names.c.name.is_not(None)))
        is_used = (
            sa.select(f.picture_id)
            .join(t.picture)
            .where(f.name == names.c.name, p.collection_id.in_(collection_ids), present())
        )
        with self._database.read_transaction() as sql:
            return list(
                sql.scalars(sa.select(names.c.name).where(is_used.exists()).order_by(names.c.name))
            )

    def ids(self, collection_ids: Sequence[int], where: Filter | Test) -> dict[int, Ids]:
        """Return the ids of the pictures that pass, ascending, by collection, in one statement."""
        # One text for each collection: a row for each of 500,000 ids takes ten times as long.
        id_list = sa.func.aggregate_strings(sa.cast(p.id, sa.String), ",")
        statement = (
            sa.select(p.collection_id, id_list)
            .where(p.collection_id.in_(collection_ids), passes(where), present())
            .group_by(p.collection_id)
        )
        with self._database.read_transaction() as sql:
            id_lists = {row[0]: row[1] for row in sql.execute(statement)}
        return {
            collection_id: np.sort(
                np.fromstring(id_lists.get(collection_id, ""), dtype=np.int64, sep=",")
            )
            for collection_id in collection_ids
        }

    def newest(self, collection_ids: Sequence[int], where: Filter | None, limit: int) -> Ids:
        """Return the ids of the pictures that pass, newest first: as taken, else as indexed."""
        statement = (
            sa.select(p.id)
            .where(
                p.collection_id.in_(collection_ids),
                sa.true() if where is None else passes(where),
                present(),
            )
            .order_by(sa.func.coalesce(p.taken_at, p.indexed_at).desc(), p.id.desc())
            .limit(limit)
        )
        with self._database.read_transaction() as sql:
            return np.fromiter(sql.scalars(statement), np.int64)


def stored_column(name: str, columns: Sequence[str]) -> str | None:
    """Return the column of a name: as it is written, else in any case; None without one."""
    if name in columns:
        return name
    key = compose(name).casefold()
    # Of columns that differ in case alone, the last.
    return next((each for each in reversed(columns) if compose(each).casefold() == key), None)


def _unknown(name: str, columns: Sequence[str]) -> BadQuery:
    return BadQuery(
        "unknown-filter-field",
        "there is no field {name!r} to filter by; the fields are: {fields}; and the columns that "
        "came with the pictures: {columns}",
        name=name,
        fields=", ".join(field_names()),
        columns=", ".join(columns) or "none",
    )


def passes(where: Filter | Test) -> Test:
    """Return the filter as a condition on `picture`; an unknown fact never passes.

    A condition returns unchanged, so that several statements share it.

    Raises:
        BadQuery: an unknown field, operator or value.
    """
    return where if isinstance(where, sa.ColumnElement) else _test(normal_form(where))


def _test(where: Filter) -> Test:
    """Return the condition of a filter in normal form."""
    match where:
        case Condition():
            ask = find_condition(where.field) or column(where.field.removeprefix(COLUMN))
            return ask(where.operator, value_of(where))
        case Not():
            return _fails(_test(where.filter))
        case AllOf():
            return _join(sa.and_, sa.true(), [_test(part) for part in where.filters])
        case AnyOf():
            return _join(sa.or_, sa.false(), [_test(part) for part in where.filters])


def _join(join: Callable[..., Test], none: Test, tests: list[Test]) -> Test:
    """Join tests, many of them in groups, because SQLite joins them one below the other."""
    if len(tests) <= MAX_JOINED:
        return join(none, *tests)
    groups = (tests[first : first + MAX_JOINED] for first in range(0, len(tests), MAX_JOINED))
    return join(none, *(_false_if_unknown(join(none, *group)) for group in groups))


def _fails(test: Test) -> Test:
    """Return the opposite, which an unknown fact does not pass either."""
    return sa.not_(_false_if_unknown(test))


def _false_if_unknown(test: Test) -> Test:
    return sa.func.coalesce(test, sa.false())
