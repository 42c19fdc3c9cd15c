"""The facets that filters choose in: each filter belongs to one of them, or to none."""

from search.picture_facts import COUNTED
from search.query.filters.fields import COLUMN
from search.query.filters.grammar import column_of, conditions
from search.query.filters.tree import AllOf, Condition, Filter

TEXT = "text"
"""The facet of the pictures with text in them: `has = text`."""

FACET_FIELDS = (
    *("date", "box", "colour", "folder", "orientation", "megapixels", "size", "language"),
    *(fact.field for fact in COUNTED),
)
"""The fields whose values are counted."""


def facet_of(where: Filter) -> str:
    """Return the facet that all of a filter chooses in; empty where there is no such facet.

    An extra column is a facet by its name, with the prefix of columns.
    """
    facets = {_facet_of(condition) for condition in conditions(where)}
    return facets.pop() if len(facets) == 1 else ""


def without_facet(where: Filter | None, facet: str) -> tuple[Filter, ...]:
    """Return the parts of a filter that do not choose in this facet; every part for an empty one.

    The parts are those of the outermost "and".
    """
    if where is None:
        return ()
    parts = where.filters if isinstance(where, AllOf) else (where,)
    return tuple(part for part in parts if not facet or facet_of(part) != facet)


def _facet_of(condition: Condition) -> str:
    column = column_of(condition)
    if column is not None:
        return COLUMN + column
    if condition.field == "has":
        return TEXT if condition.value.lower() == TEXT else ""
    return condition.field if condition.field in FACET_FIELDS else ""
