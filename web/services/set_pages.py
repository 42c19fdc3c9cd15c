"""Pages of a set: all cut from one snapshot, so that none repeats or loses a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from search.engine import Engine
from search.query.checks import check
from search.query.records import Answer, Query
from search.ranking.pagination import past_end
from web.requests.pagination import Cursor
from web.services.result_cache import ResultCache

# Should a snapshot be gone, the next page begins after the last of these that is still there.
LAST_IDS = 8


@dataclass(frozen=True, slots=True)
class SetPage:
    """A page of a set of `size` hits, and of those that follow it, and the pages around it.

    `folded_ids` are those of each hit's copies; `groups` the headings of all hits, None without.
    """

    answer: Answer
    size: int
    folded_ids: Mapping[int, Sequence[int]]
    groups: Sequence[str | None]
    offset: int
    previous: Cursor | None
    next: Cursor | None


def is_set(query: Query) -> bool:
    """Return whether the answer to a query is a set, whose pages are cut from one snapshot."""
    return query.is_sorted or query.set_cutoff is not None


def set_page(engine: Engine, cache: ResultCache, query: Query, cursor: Cursor) -> SetPage:
    """Return the page of `query.k` hits that a cursor begins; raises what `Engine.answer` raises.

    The snapshot is as long in the cache as other answers. Later, the set is made again, and the
    page goes on after the last picture of the page before it.
    """
    check(replace(query, offset=0) if cursor.snapshot else query)
    name, results = cache.snapshot(query, cursor.snapshot)
    ids = results.ids
    offset = cursor.offset if name == cursor.snapshot else _offset(ids, cursor)
    end = offset + query.k
    hits = engine.hits(results, offset + 1, query.k)
    notes = results.notes if hits or not ids else (*results.notes, past_end(len(ids)))
    page = results.page

    def at(place: int) -> Cursor:
        return Cursor(place, name, tuple(ids[max(0, place - LAST_IDS) : place]))

    return SetPage(
        Answer(
            hits,
            page.confidence,
            end < len(ids),
            notes,
            results.cuts,
            page.counts,
            results.readings,
        ),
        sum(picture.is_sure for picture in page.pictures),
        {each.picture_id: each.copies for each in page.pictures if each.is_sure and each.copies},
        results.groups,
        offset,
        at(max(0, offset - query.k)) if offset else None,
        at(end) if end < len(ids) else None,
    )


def _offset(ids: Sequence[int], cursor: Cursor) -> int:
    """Return the place after the last picture before the cursor, in a set that was made again."""
    for picture_id in reversed(cursor.last_ids):
        if picture_id in ids:
            return ids.index(picture_id) + 1
    return cursor.offset
