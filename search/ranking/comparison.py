"""Comparison of a search's pictures with each other, also of pictures of several spaces."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search.catalog.catalog import Catalog
from search.indexes.collection_indexes import CollectionIndexes
from search.ranking.context import vectors_of
from search.ranking.near_duplicates import copies_across_spaces, near_duplicates
from search.records import Ids, Vectors


class Comparison:
    """The vectors of pictures, and which of them fold, given the indexes of each space.

    The vectors of each space have columns of their own, so that the cosine of two pictures of
    different spaces is 0.
    """

    def __init__(self, spaces: Sequence[Sequence[CollectionIndexes]], catalog: Catalog) -> None:
        self._spaces = spaces
        self._catalog = catalog

    def vectors(self, ids: Ids) -> Vectors:
        """Return the vectors (n, width of all spaces) in the order of `ids`; zeros if removed."""
        parts = [vectors_of(indexes, ids) for indexes in self._spaces]
        if len(parts) == 1:
            return parts[0]
        return np.concatenate([np.empty((len(ids), 0), np.float32), *parts], axis=1)

    def which_fold(self, ids: Ids, vectors: Vectors) -> NDArray[np.bool_]:
        """Return the matrix (n, n) of near-duplicates and of moments of one film.

        `vectors` are those of `ids`.
        """
        near = self._near_duplicates(ids, vectors)
        films = self._catalog.pictures.films(ids.tolist())
        if films:
            numbers = {film: number for number, film in enumerate(films.values())}
            of = np.array([numbers.get(films.get(each, ""), -1) for each in ids.tolist()])
            near |= (of[:, None] == of) & (of >= 0)
        return near

    def _near_duplicates(self, ids: Ids, vectors: Vectors) -> NDArray[np.bool_]:
        hashes, has_hash = self._catalog.hashes.of(ids)
        near = near_duplicates(vectors, hashes, has_hash)
        if len(self._spaces) < 2:
            return near
        contents, colours = self._catalog.hashes.contents_and_colours(ids)
        copies = copies_across_spaces(contents, colours, hashes, has_hash)
        spaces = self._space_of_each(vectors)
        near |= copies & (spaces[:, None] != spaces)
        return near

    def _space_of_each(self, vectors: Vectors) -> NDArray[np.int64]:
        """Return the place of each picture's space (n,): the one whose columns are not zeros."""
        ends = np.cumsum([indexes[0].pictures.width for indexes in self._spaces])
        parts = np.split(vectors, ends[:-1], axis=1)
        places: NDArray[np.int64] = np.stack([part.any(axis=1) for part in parts]).argmax(axis=0)
        return places
