"""The pictures whose facets are counted: rows of columns, and how many of them a filter leaves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.facets.columns import Codes, FactColumns, FieldCells

Mask = NDArray[np.bool_]
Counts = NDArray[np.int64]
Groups = NDArray[np.integer[Any]]
"""The group of each row; one below 0 belongs to none."""

NO_CODES: Codes = np.empty(0, np.int32)

Read = Callable[[FactColumns], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Part:
    """A collection's facts, a mask of the rows to count, and one of the answer's own rows."""

    facts: FactColumns
    passing: Mask
    own: Mask


@dataclass(frozen=True, slots=True)
class CountedSet:
    """Rows that pass, of which those of the answer count, and at least so many of the best."""

    parts: Sequence[Part]
    at_least: int = 0

    def column(self, read: Read) -> NDArray[Any]:
        """Return a column of the rows that pass."""
        return np.concatenate([read(part.facts)[part.passing] for part in self.parts])

    def own(self) -> Mask:
        """Return which rows that pass are the answer's own."""
        return np.concatenate([part.own[part.passing] for part in self.parts])

    def cells(
        self, read: Callable[[FactColumns], FieldCells | None]
    ) -> tuple[Codes, NDArray[np.float64], Mask]:
        """Return the cells of one extra column in rows that pass: texts, numbers, own rows."""
        texts, numbers, own = [NO_CODES], [np.empty(0)], [np.empty(0, bool)]
        for part in self.parts:
            cells = read(part.facts)
            if cells is not None:
                passes = part.passing[cells.rows]
                texts.append(cells.texts[passes])
                numbers.append(cells.numbers[passes])
                own.append(part.own[cells.rows[passes]])
        return np.concatenate(texts), np.concatenate(numbers), np.concatenate(own)

    def count(self, groups: Groups, own: Mask | None = None) -> Counts:
        """Return how many rows of each group a filter by it leaves; `own` is as `own()`."""
        return self.settle(*self.sums(groups, own))

    def sums(self, groups: Groups, own: Mask | None = None) -> tuple[Counts, Counts]:
        """Return how many rows of each group pass, and how many are the answer's own."""
        own = self.own() if own is None else own
        known = groups >= 0
        passing = np.bincount(groups[known])
        return passing, np.bincount(groups[known & own], minlength=len(passing))

    def total(self, chosen: Mask, own: Mask | None = None) -> int:
        """Return how many of the chosen rows a filter by them leaves."""
        own = self.own() if own is None else own
        return int(self.settle(np.array(chosen.sum()), np.array((chosen & own).sum())))

    def settle(self, passing: Counts, own: Counts) -> Counts:
        """Return how many rows are left of those that pass and those of the answer."""
        return np.maximum(own, np.minimum(passing, self.at_least))
