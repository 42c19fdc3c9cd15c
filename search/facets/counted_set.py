"""The pictures whose facets are counted: rows of columns, and how many of them a filter leaves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.facets.columns import Codes, FactColumns, FieldCells

Mask = NDArray[np.bool_]
Counts = NDArray[np.int64]
Groups = NDArray[np.integer[Any]]
"""The group of each row; one below 0 belongs to none."""

NO_CODES: Codes = np.empty(0, np.int32)

ColumnReader = Callable[[FactColumns], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Part:
    """A collection's facts, a mask of the rows to count, and one of the answer's own rows."""

    facts: FactColumns
    passes: Mask
    own: Mask


@dataclass(frozen=True)
class CountedSet:
    """Rows that pass, of which those of the answer count, and at least so many of the best.

    Without `at_least`, all rows that pass are the answer's own.
    """

    parts: Sequence[Part]
    at_least: int = 0

    def column(self, column_of: ColumnReader) -> NDArray[Any]:
        """Return a column of the rows that pass."""
        return np.concatenate([column_of(part.facts)[part.passes] for part in self.parts])

    @cached_property
    def own(self) -> Mask:
        """Return which rows that pass are the answer's own."""
        return np.concatenate([part.own[part.passes] for part in self.parts])

    def cells(
        self, cells_of: Callable[[FactColumns], FieldCells | None]
    ) -> tuple[Codes, NDArray[np.float64], Mask]:
        """Return the cells of one extra column in rows that pass: texts, numbers, own rows."""
        texts, numbers, own = [NO_CODES], [np.empty(0)], [np.empty(0, bool)]
        for part in self.parts:
            cells = cells_of(part.facts)
            if cells is not None:
                is_in = part.passes[cells.rows]
                texts.append(cells.texts[is_in])
                numbers.append(cells.numbers[is_in])
                own.append(part.own[cells.rows[is_in]])
        return np.concatenate(texts), np.concatenate(numbers), np.concatenate(own)

    def count(self, groups: Groups, own: Mask | None = None) -> Counts:
        """Return how many rows of each group a filter by it leaves; `own` is as `self.own`."""
        return self.settle(*self.sums(groups, own))

    def sums(self, groups: Groups, own: Mask | None = None) -> tuple[Counts, Counts]:
        """Return how many rows of each group pass, and how many are the answer's own."""
        in_group = groups >= 0
        passes = np.bincount(groups[in_group])
        if not self.at_least:
            return passes, passes
        own = self.own if own is None else own
        return passes, np.bincount(groups[in_group & own], minlength=len(passes))

    def total(self, rows: Mask, own: Mask | None = None) -> int:
        """Return how many of these rows a filter by them leaves."""
        if not self.at_least:
            return int(rows.sum())
        own = self.own if own is None else own
        return int(self.settle(np.array(rows.sum()), np.array((rows & own).sum())))

    def settle(self, passes: Counts, own: Counts) -> Counts:
        """Return how many rows are left of those that pass and those of the answer."""
        return np.maximum(own, np.minimum(passes, self.at_least))
