"""Neighbours of a picture in the answer that it was opened from."""

from dataclasses import dataclass

from search.query.limits import MAX_HITS
from search.query.records import Hit
from web.requests.search_url import PAGE_HITS, SearchUrl
from web.state import engine, state


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A picture as a hit, its rank, the ids before and after it, and the start of its page."""

    hit: Hit
    rank: int
    before: int | None
    after: int | None

    @property
    def page_start(self) -> int:
        """Return the rank of the first hit of the picture's page."""
        return (self.rank - 1) // PAGE_HITS * PAGE_HITS + 1


def neighbours(url: SearchUrl, picture_id: int, rank: int | None) -> Neighbours | None:
    """Return the neighbours of the hit at `rank`; None if another picture has that rank now.

    Raises:
        LimnError: the search fails.
    """
    if rank is None or not url.anything or not 1 <= rank <= MAX_HITS:
        return None
    first = max(1, rank - 1)
    last = min(rank + 1, MAX_HITS)
    order = state().result_cache.whole(
        state().queries.query_of(url, 1, 0)
    )  # the ranks of the page that scrolls
    hits = engine().hits(order, first, last + 1 - first)
    ids = {hit.rank: hit.picture.id for hit in hits}
    own = next((hit for hit in hits if (hit.rank, hit.picture.id) == (rank, picture_id)), None)
    if own is None:
        return None
    return Neighbours(own, rank, before=ids.get(rank - 1), after=ids.get(rank + 1))
