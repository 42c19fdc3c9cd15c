"""Statements over filters: which pictures pass one, as ids and as a condition on `picture`."""

from collections.abc import Callable, Sequence

import numpy as np
import sqlalchemy as sa

from search.catalog import tables as t
from search.catalog.conditions import CONDITIONS, Test, column
from search.catalog.contents import present
from search.catalog.database import Database
from search.errors import BadQuery
from search.filters.fields import COLUMN, FIELDS
from search.filters.grammar import changed, column_of, conditions, in_column, value_of
from search.filters.normal_form import normal_form
from search.filters.tree import AllOf, AnyOf, Condition, Filter, Not
from search.records import Ids
from search.text.characters import composed

# SQLite follows expressions 1,000 levels deep, and each part of an "and" is one.
MOST_JOINED = 200

p = t.picture.c


class CatalogFilters:
    """Finds the pictures that pass a filter."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def resolved(self, collection_ids: Sequence[int], wanted: Filter) -> Filter:
        """The filter with its further columns under the names that these collections have.

        Raises:
            BadQuery: they have no such column; the message lists those that they have.
        """
        if not any(map(column_of, conditions(wanted))):
            return wanted
        held = self.columns(collection_ids)
        known = {composed(name).casefold(): name for name in held} | {name: name for name in held}

        def named(condition: Condition) -> Condition:
            asked = column_of(condition)
            if asked is None:
                return condition
            found = known.get(asked) or known.get(composed(asked).casefold())
            if found is None:
                raise BadQuery(
                    f"there is no field {asked!r} to filter by; the fields are: "
                    f"{', '.join(FIELDS)}; and the columns that came with the pictures: "
                    + (", ".join(held) or "none")
                )
            return in_column(condition, found)

        return changed(wanted, named)

    def columns(self, collection_ids: Sequence[int]) -> list[str]:
        """The names of the further columns that these collections have, in order."""
        f = t.field.c
        # From name to name by the index: a million rows of one name cost one step.
        names = sa.select(sa.func.min(f.name).label("name")).cte("names", recursive=True)
        following = sa.select(sa.func.min(f.name)).where(f.name > names.c.name).scalar_subquery()
        names = names.union_all(sa.select(following).where(names.c.name.is_not(None)))
        held = (
            sa.select(f.picture_id)
            .join(t.picture)
            .where(f.name == names.c.name, p.collection_id.in_(collection_ids), present())
        )
        with self.database.reading() as sql:
            return list(
                sql.scalars(sa.select(names.c.name).where(held.exists()).order_by(names.c.name))
            )

    def ids(self, collection_ids: Sequence[int], wanted: Filter) -> dict[int, Ids]:
        """The ids of the pictures that pass, ascending, by collection, in one statement."""
        # As one text a collection: a row for each of 500,000 ids takes ten times as long.
        listed = sa.func.aggregate_strings(sa.cast(p.id, sa.String), ",")
        statement = (
            sa.select(p.collection_id, listed)
            .where(p.collection_id.in_(collection_ids), passes(wanted), present())
            .group_by(p.collection_id)
        )
        with self.database.reading() as sql:
            found = {row[0]: row[1] for row in sql.execute(statement)}
        return {
            each: np.sort(np.fromstring(found.get(each, ""), dtype=np.int64, sep=","))
            for each in collection_ids
        }

    def newest(self, collection_ids: Sequence[int], wanted: Filter | None, most: int) -> Ids:
        """The ids of the pictures that pass, the newest first: as taken, else as indexed."""
        statement = (
            sa.select(p.id)
            .where(
                p.collection_id.in_(collection_ids),
                sa.true() if wanted is None else passes(wanted),
                present(),
            )
            .order_by(sa.func.coalesce(p.taken_at, p.indexed_at).desc(), p.id.desc())
            .limit(most)
        )
        with self.database.reading() as sql:
            return np.fromiter(sql.scalars(statement), np.int64)


def passes(wanted: Filter) -> Test:
    """The filter as a condition on `picture`; what is not known of a picture never passes.

    Raises:
        BadQuery: an unknown field, operator or value.
    """
    return _test(normal_form(wanted))


def _test(wanted: Filter) -> Test:
    """The condition of a filter in normal form."""
    match wanted:
        case Condition():
            ask = CONDITIONS.get(wanted.field) or column(wanted.field.removeprefix(COLUMN))
            return ask(wanted.operator, value_of(wanted))
        case Not():
            return _fails(_test(wanted.filter))
        case AllOf():
            return _joined(sa.and_, sa.true(), [_test(each) for each in wanted.filters])
        case AnyOf():
            return _joined(sa.or_, sa.false(), [_test(each) for each in wanted.filters])


def _joined(join: Callable[..., Test], none: Test, tests: list[Test]) -> Test:
    """The tests joined; many of them in groups, because SQLite joins them one below the other."""
    if len(tests) <= MOST_JOINED:
        return join(none, *tests)
    groups = (tests[first : first + MOST_JOINED] for first in range(0, len(tests), MOST_JOINED))
    return join(none, *(_known(join(none, *group)) for group in groups))


def _fails(test: Test) -> Test:
    """The opposite, where what is not known does not pass either; else an index may answer."""
    return sa.not_(_known(test))


def _known(test: Test) -> Test:
    return sa.func.coalesce(test, sa.false())
