"""Filter nodes: conditions, and how they combine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a filter, as it was written: `camera ~ canon`, `date >= 2020-05`."""

    field: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """Pictures that pass every one of the filters."""

    filters: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Pictures that pass at least one of the filters."""

    filters: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The negation of a filter; pictures whose field is unknown pass it too."""

    filter: "Filter"


Filter = Condition | AllOf | AnyOf | Not
