"""The nodes of filters: conditions, and their combinations."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a filter, as it was written: `camera ~ canon`, `date >= 2020-05`."""

    field: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """A filter that passes a picture if all parts do."""

    filters: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A filter that passes a picture if at least one part does."""

    filters: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The negation of a filter; pictures whose field is unknown pass it too."""

    filter: "Filter"


Filter = Condition | AllOf | AnyOf | Not


def all_of(filters: Sequence[Filter]) -> Filter | None:
    """Return the conjunction of filters: the only one as it is, None without any."""
    return AllOf(tuple(filters)) if len(filters) > 1 else next(iter(filters), None)
