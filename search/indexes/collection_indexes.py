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

    @property
    def searched_count(self) -> int:
        """Return the number of pictures that are searched."""
        return self.picture_count if self.allowed_ids is None else len(self.allowed_ids)
