"""Orders of a set of hits, and the cutoffs that make the set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from search.errors import BadQuery

RELEVANCE = "relevance"
"""The order of an answer that is not sorted: best first, or newest first without terms."""

Strictness = Literal["strict", "usual", "wide"]
"""The choices of how sure a hit must be to belong to the set."""

STRICTNESS: tuple[Strictness, ...] = get_args(Strictness)

# Without captions, the built-in pair's best pictures pass 0.22 for 5 % of absent things, and for
# 93 to 95 % of the sentences and 62 to 84 % of the single words that they answer rightly
# (held-out pictures; docs/notes/encoder-log.md).
CUTOFFS: Mapping[Strictness, float] = {"strict": 0.5, "usual": 0.25, "wide": 0.1}

# Where no confidence is known, the relevance takes its place. It was not fitted to be one, and in a
# collection of few subjects nothing stands out: so many of the best are always in the set.
AT_LEAST: Mapping[Strictness, int] = {"strict": 10, "usual": 20, "wide": 40}


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of hits that each strictness would leave."""

    strict: int
    usual: int
    wide: int


@dataclass(frozen=True, slots=True)
class Sort:
    """An order of a set: by a fact or an extra column of the pictures, smallest value first."""

    field: str
    is_descending: bool = False


def parse_sort(text: str) -> Sort | None:
    """Return the order that a text names, None for that of relevance.

    >>> parse_sort("-date")
    Sort(field='date', is_descending=True)
    >>> parse_sort("relevance")

    Raises:
        BadQuery: the text is blank, or names relevance in the opposite order.
    """
    name = text.strip()
    sort = Sort(name.removeprefix("-").strip(), name.startswith("-"))
    if not sort.field or sort == Sort(RELEVANCE, is_descending=True):
        raise BadQuery(
            "sort-invalid",
            "sort is {sort!r}; write relevance, date, name, size or another field, with a minus "
            "before it for the opposite order: -date",
            sort=text[:80],
        )
    return None if sort.field == RELEVANCE else sort


def format_sort(sort: Sort) -> str:
    """Return the order as text for `parse_sort`."""
    return f"-{sort.field}" if sort.is_descending else sort.field
