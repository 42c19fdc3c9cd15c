"""The context of one query: built once, read by every signal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from search.catalog.full_text import FoundWords
from search.indexes.collection_indexes import CollectionIndexes
from search.query.records import Query
from search.ranking.asked_words import WordMatches
from search.ranking.calibration import Background
from search.ranking.embedding import EmbeddedQuery
from search.ranking.relevance_feedback import FeedbackQuery
from search.records import Ids, Vectors


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Words that hits must not show, as the context of a query of its own.

    At a `strength` of 1, what shows them for certain counts nothing; at 0 it counts all.
    """

    context: "SearchContext"
    strength: float


@dataclass(frozen=True, slots=True)
class SearchContext:
    """A query in all the forms that ranking reads, and the indexes to search.

    `words` is None without the words signal or without indexed captions, `text` is empty without
    the text signal or where no text answers. `background` is measured when it is first called.
    `feedback` is None without marks. `names` are the pictures whose names contain most of the
    query's words. `exclusions` are the query's words with a negative weight.
    """

    query: Query
    embedded_query: EmbeddedQuery
    indexes: Sequence[CollectionIndexes]
    words: FoundWords | None
    background: Callable[[], Background]
    feedback: FeedbackQuery | None = None
    names: WordMatches = field(default_factory=dict)
    text: WordMatches = field(default_factory=dict)
    exclusions: tuple[Exclusion, ...] = ()

    @property
    def plain(self) -> bool:
        """Return whether the query is words alone: the background of word queries is known."""
        return self.embedded_query.plain and self.feedback is None

    @property
    def is_understood(self) -> bool:
        """Return whether there is anything to rank by: a known word, marks, or pictures.

        Words that captions contain need not be known to the encoder, nor those of a query to the
        captions' vectors alone.
        """
        reading = self.embedded_query.reading
        if reading is None or reading.is_understood or not self.plain:
            return True
        if self.names or self.text:
            return True
        if self.words is None:
            return any(index.captions is not None and index.caption_count for index in self.indexes)
        return bool(self.words.words)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The pictures that signals propose: ids (n,), ascending, and vectors (n, width)."""

    ids: Ids
    vectors: Vectors


def vectors_of(indexes: Sequence[CollectionIndexes], ids: Ids) -> Vectors:
    """Return the vectors (n, width) of pictures, in the order of `ids`; zeros for a removed one."""
    rows = np.zeros((len(ids), indexes[0].pictures.width), np.float32)
    order = np.argsort(ids)
    for index in indexes:
        row_ids, vectors = index.pictures.rows(ids)
        rows[order[np.searchsorted(ids, row_ids, sorter=order)]] = vectors
    return rows
