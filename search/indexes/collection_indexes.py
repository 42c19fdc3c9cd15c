"""The indexes of one collection, as one search reads them."""

from dataclasses import dataclass

from search.records import Ids
from search.stores import VectorStore


@dataclass(frozen=True, slots=True)
class CollectionIndexes:
    """The stores of one collection, and the ids of the pictures that pass the filter.

    `captions` is None where captions are not searched. `allowed_ids` ascends; None means all. The
    counts are those of the stores when the search began.
    """

    pictures: VectorStore
    captions: VectorStore | None
    allowed_ids: Ids | None
    picture_count: int
    caption_count: int
