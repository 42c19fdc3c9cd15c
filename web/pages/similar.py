"""What is like a picture: copies of it anywhere, and similar pictures of its collection."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.filters.tree import Condition
from search.query.records import Hit, IndexedTerm, Query
from search.ranking.pagination import alike
from search.records import Picture
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
    copies = _copies(picture, hits)
    near = [hit.picture for hit in hits if hit.picture.id in copies]
    similar = [hit for hit in hits if hit.picture.id not in copies]
    known = {picture.id, *(each.id for each in near)}
    same = [each for each in _same_elsewhere(picture) if each.id not in known]
    return Likeness(tuple([*same, *near][:MOST_COPIES]), tuple(similar[:SIMILAR_SHOWN]))


def _copies(picture: Picture, hits: Sequence[Hit]) -> set[int]:
    """The ids of the hits that a search would fold into the picture."""
    catalog = engine().catalog
    held = catalog.pictures.vectors([picture.id, *(hit.picture.id for hit in hits)])
    ids = [picture.id, *(each for each in held if each != picture.id)]
    if picture.id not in held:  # it was removed a moment ago
        return set()
    vectors = np.stack([held[each][1] for each in ids])
    near = alike(vectors, *catalog.hashes.of(np.array(ids)))[0]
    return {each for each, copy in zip(ids, near, strict=True) if copy and each != picture.id}


def _same_elsewhere(picture: Picture) -> list[Picture]:
    """The pictures of the very same content, in every collection."""
    everywhere = [each.id for each in engine().collections()]
    found = engine().catalog.filters.ids(everywhere, Condition("same", "=", str(picture.id)))
    ids = [int(each) for some in found.values() for each in some[:MOST_COPIES]]
    pictures = engine().catalog.pictures.by_id(ids)
    return [pictures[each] for each in ids if each in pictures]
