"""Neighbours of a picture in the answer that it was opened from."""

from dataclasses import dataclass

from search.query.limits import MAX_HITS
from search.query.records import Hit
from web.requests.search_url import PAGE_HITS, SearchUrl
from web.state import engine, state

# Pictures of the film strip on each side: as many as fill a wide window, and a page of a phone.
STRIP = 12


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A picture as a hit, the hits around it, and the number of hits of the answer that are sure.

    `strip` has up to `STRIP` hits before the picture and after it, and the picture itself.
    """

    hit: Hit
    strip: tuple[Hit, ...]
    size: int

    @property
    def rank(self) -> int:
        """Return the rank of the picture."""
        return self.hit.rank

    @property
    def before(self) -> Hit | None:
        """Return the hit before the picture."""
        return next((hit for hit in reversed(self.strip) if hit.rank < self.rank), None)

    @property
    def after(self) -> Hit | None:
        """Return the hit after the picture."""
        return next((hit for hit in self.strip if hit.rank > self.rank), None)

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
    # The ranks of the page that scrolls.
    results = state().result_cache.whole(state().queries.query_of(url, 1, 0))
    first = max(1, rank - STRIP)
    strip = engine().hits(results, first, rank + STRIP + 1 - first)
    own = next((hit for hit in strip if (hit.rank, hit.picture.id) == (rank, picture_id)), None)
    if own is None:
        return None
    return Neighbours(own, strip, sum(place.is_sure for place in results.page.pictures))
