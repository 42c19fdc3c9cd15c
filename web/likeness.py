"""What is like a picture: copies of it anywhere, and similar pictures of its collection."""

from dataclasses import dataclass

from search.arrangement import NEAR_DUPLICATE
from search.records import Condition, Hit, IndexedTerm, Picture, Query
from web.state import engine

# Rows enough to see what the picture is like; the search page has more.
SIMILAR_SHOWN = 12
MOST_COPIES = 24


@dataclass(frozen=True, slots=True)
class Likeness:
    """Copies and near copies of a picture, and what is similar without being one."""

    copies: tuple[Picture, ...] = ()
    similar: tuple[Hit, ...] = ()


def likeness(picture: Picture) -> Likeness:
    """What is like a picture; raises what a search raises."""
    term = IndexedTerm(picture.id)
    hits = engine().search(Query((term,), (picture.collection,), SIMILAR_SHOWN + MOST_COPIES))
    near = [hit.picture for hit in hits if _is_copy(hit, picture)]
    similar = [hit for hit in hits if not _is_copy(hit, picture)]
    known = {picture.id, *(each.id for each in near)}
    same = [each for each in _same_elsewhere(picture) if each.id not in known]
    return Likeness(tuple([*same, *near][:MOST_COPIES]), tuple(similar[:SIMILAR_SHOWN]))


def _is_copy(hit: Hit, picture: Picture) -> bool:
    """Whether a hit is what a search folds: its cosine is that of copies."""
    same = hit.picture.content_hash == picture.content_hash
    return same or (hit.cosine is not None and hit.cosine >= NEAR_DUPLICATE)


def _same_elsewhere(picture: Picture) -> list[Picture]:
    """The pictures of the very same content, in every collection."""
    everywhere = [each.id for each in engine().collections()]
    found = engine().catalog.filters.ids(everywhere, Condition("same", "=", str(picture.id)))
    ids = [int(each) for some in found.values() for each in some[:MOST_COPIES]]
    pictures = engine().catalog.pictures(ids)
    return [pictures[each] for each in ids if each in pictures]
