"""The numbers of hits that each strictness would leave."""

from collections.abc import Sequence

from search.query.sorting import AT_LEAST, CUTOFFS, Counts
from search.ranking.candidates import Ranking

# A picture outside the candidates is further from the query than so many times the set's pictures,
# by its picture and by its captions: it does not belong to the set.
MARGIN = 4

WIDEST = min(CUTOFFS.values())


def count(rows: Sequence[int], ranking: Ranking) -> Counts:
    """Return how many of the rows each strictness would leave."""
    certainty = ranking.certainty[list(rows)]
    numbers = {name: int((certainty >= cutoff).sum()) for name, cutoff in CUTOFFS.items()}
    if ranking.confidence is None:
        numbers = {name: max(numbers[name], min(AT_LEAST[name], len(rows))) for name in numbers}
    return Counts(**numbers)


def has_whole_set(ranking: Ranking, depth: int, size: int) -> bool:
    """Return whether a ranking to this depth has all pictures of a set of `size` so far."""
    return len(ranking.ids) < depth or MARGIN * size <= depth


def known_counts(rows: Sequence[int], ranking: Ranking, depth: int) -> Counts | None:
    """Return the counts that a ranking to this depth knows, or None without confidences."""
    if ranking.confidence is None:
        return None
    counts = count(rows, ranking)
    return counts if has_whole_set(ranking, depth, counts.wide) else None
