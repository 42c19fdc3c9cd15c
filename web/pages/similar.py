"""Pictures like a picture: copies in every collection, and similar ones of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.query.filters.tree import Condition
from search.query.records import Hit, IndexedTerm, Query
from search.ranking.near_duplicates import near_duplicates
from search.records import Picture
from web.state import engine

# Enough rows to judge the similarity; the search page has more.
SIMILAR_SHOWN = 12
MAX_COPIES = 24


@dataclass(frozen=True, slots=True)
class Likeness:
    """Copies and near-duplicates of a picture, and similar pictures that are neither."""

    copies: tuple[Picture, ...] = ()
    similar: tuple[Hit, ...] = ()


def likeness(picture: Picture) -> Likeness:
    """Return the copies and similar pictures of a picture; raises the errors of a search."""
    term = IndexedTerm(picture.id)
    hits = engine().search(Query((term,), (picture.collection,), SIMILAR_SHOWN + MAX_COPIES))
    copies = _copies(picture, hits)
    near = [hit.picture for hit in hits if hit.picture.id in copies]
    similar = [hit for hit in hits if hit.picture.id not in copies]
    own_ids = {picture.id, *(copy.id for copy in near)}
    same = [copy for copy in _same_elsewhere(picture) if copy.id not in own_ids]
    return Likeness(tuple([*same, *near][:MAX_COPIES]), tuple(similar[:SIMILAR_SHOWN]))


def _copies(picture: Picture, hits: Sequence[Hit]) -> set[int]:
    """Return the ids of the hits that a search would fold under the picture."""
    catalog = engine().catalog
    shown_ids = [picture.id, *(hit.picture.id for hit in hits)]
    space = catalog.collections.one(picture.collection).space
    embeddings = catalog.pictures.vectors(shown_ids, space.id)
    ids = [picture.id, *(picture_id for picture_id in embeddings if picture_id != picture.id)]
    if picture.id not in embeddings:  # the picture was removed a moment ago
        return set()
    vectors = np.stack([embeddings[picture_id] for picture_id in ids])
    near = near_duplicates(vectors, *catalog.hashes.of(np.array(ids)))[0]
    return {
        picture_id
        for picture_id, copy in zip(ids, near, strict=True)
        if copy and picture_id != picture.id
    }


def _same_elsewhere(picture: Picture) -> list[Picture]:
    """Return the pictures with the same content, in every collection."""
    everywhere = [collection.id for collection in engine().collections()]
    ids_by_collection = engine().catalog.filters.ids(
        everywhere, Condition("same", "=", str(picture.id))
    )
    ids = [
        int(picture_id) for some in ids_by_collection.values() for picture_id in some[:MAX_COPIES]
    ]
    pictures = engine().catalog.pictures.by_id(ids)
    return [pictures[picture_id] for picture_id in ids if picture_id in pictures]
