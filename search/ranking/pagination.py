"""From a ranking to one page: cutoff, near-duplicates folded, variety, the stretch asked for."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.catalog.visual_hashes import MOST_BITS as MOST_BITS
from search.catalog.visual_hashes import Hashes
from search.query.records import Cut, IndexedTerm, Query
from search.ranking.candidates import Place, Ranker, Ranking, vectors_of
from search.records import Ids, Scores, Vectors
from search.text.amounts import amount

# Near-duplicates: those that the encoder holds to be one, and those whose hashes are one but for a
# few bits where the encoder does not object; plain skies share a hash. Of 499,500 pairs of
# photographs one passes either; docs/relevance.md has what copies measure.
NEAR_DUPLICATE = 0.955
LEAST_COSINE = 0.6

# Candidates that are compared with each other at most, each with each: 2,000 take 30 ms.
MOST_COMPARED = 2_000

FEWEST = 100


@dataclass(frozen=True, slots=True)
class Page:
    """One page's places, whether there are more, and what is to be said."""

    places: tuple[Place, ...]
    confidence: float | None
    more: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """An answer in order, before SQL has told what its pictures are: any stretch can be cut of it.

    `ranking` is None where no picture came so far as to be ranked. `first` is the rank of the
    first place.
    """

    page: Page
    ranking: Ranking | None = None
    cuts: tuple[Cut, ...] = ()
    first: int = 1

    @property
    def ids(self) -> list[int]:
        """The pictures' ids."""
        return [place.picture_id for place in self.page.places]


HashesOf = Callable[[Ids], tuple[Hashes, NDArray[np.bool_]]]
"""Perceptual hashes of pictures, and which of them are known."""


def arrange(query: Query, rank: Ranker, hashes_of: HashesOf) -> tuple[Page, Ranking]:
    """Lay out the page that was asked for, ranking deeper until it is filled."""
    shown = {term.picture_id for term in query.terms if isinstance(term, IndexedTerm)}
    shown |= set(query.less)
    wanted = query.offset + query.k + 1
    depth = FEWEST
    while depth < wanted + len(shown) + (wanted if query.diverse else 0):
        depth *= 2  # in steps, so that neighbouring pages are cut from one order
    held = 0
    while True:
        ranking = rank(depth)
        places = _places(query, ranking, shown, hashes_of)
        if len(places) >= wanted or len(ranking.ids) <= held or len(ranking.ids) < depth:
            break
        held, depth = len(ranking.ids), 4 * depth
    return _page(query, ranking, places), ranking


def _places(query: Query, ranking: Ranking, shown: set[int], hashes_of: HashesOf) -> list[Place]:
    rows = [row for row, each in enumerate(ranking.ids.tolist()) if each not in shown]
    if query.cutoff and ranking.confidence is not None:
        rows = [row for row in rows if ranking.confidence[row] >= query.cutoff]
    compared, rest = rows[:MOST_COMPARED], rows[MOST_COMPARED:]
    ids = ranking.ids.tolist()
    places = [Place(ids[row], row) for row in compared]
    if (query.fold or query.diverse) and len(compared) > 1:
        vectors = vectors_of(ranking.shelves, ranking.ids[compared])
        if query.fold:
            copies = alike(vectors, *hashes_of(ranking.ids[compared]))
            places, kept = _folded(places, copies)
            vectors = vectors[kept]
        if query.diverse:
            scores = ranking.scores[[place.row for place in places]]
            places = [places[each] for each in _varied(scores, vectors, query)]
    return places + [Place(ids[row], row) for row in rest]


def alike(vectors: Vectors, hashes: Hashes, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which pictures (n, n) are near-duplicates of which."""
    cosines = vectors @ vectors.T
    signs = np.unpackbits(hashes.view(np.uint8).reshape(-1, 8), axis=1).astype(np.float32) * 2 - 1
    signs[~known] = 0
    looks = signs @ signs.T >= 64 - 2 * MOST_BITS  # the bits two hashes share, less those not
    near: NDArray[np.bool_] = (cosines >= NEAR_DUPLICATE) | (looks & (cosines >= LEAST_COSINE))
    return near


def _folded(places: list[Place], near: NDArray[np.bool_]) -> tuple[list[Place], list[int]]:
    """Put each near-duplicate under the best that it is like; and the rows that are kept."""
    under: dict[int, list[int]] = {}
    free = np.ones(len(places), bool)
    for row in range(len(places)):
        if free[row]:
            copies = np.flatnonzero(near[row] & free)
            free[copies] = free[row] = False
            under[row] = [int(each) for each in copies if each != row]
    folded = [
        Place(places[row].picture_id, places[row].row, tuple(places[c].picture_id for c in copies))
        for row, copies in under.items()
    ]
    return folded, list(under)


def _varied(scores: Scores, vectors: Vectors, query: Query) -> list[int]:
    """Order by maximal marginal relevance (Carbonell and Goldstein 1998), as deep as is shown."""
    spread = float(scores.max() - scores.min()) or 1.0
    worth = (1 - query.diverse) * (scores - scores.min()) / spread
    likeness = np.zeros(len(scores), np.float32)
    left = np.ones(len(scores), bool)
    order: list[int] = []
    for _ in range(min(len(scores), query.offset + query.k + 1)):
        marginal = np.where(left, worth - query.diverse * likeness, -np.inf)
        best = int(marginal.argmax())
        order.append(best)
        left[best] = False
        likeness = np.maximum(likeness, vectors @ vectors[best])
    return order + np.flatnonzero(left).tolist()


def _page(query: Query, ranking: Ranking, places: list[Place]) -> Page:
    shown = places[query.offset : query.offset + query.k]
    best = None
    if ranking.confidence is not None and len(ranking.ids):
        best = float(ranking.confidence.max())
    notes = []
    if query.cutoff and ranking.confidence is None:
        notes.append(
            "the cutoff was not applied: how sure a hit is can be told for words alone, "
            "not for pictures, words to avoid, concepts or marks"
        )
    elif query.cutoff and not places and best is not None:
        notes.append(
            f"nothing here shows that: the best is sure to {best:.2f}, under the cutoff of "
            f"{query.cutoff:g}"
        )
    if places and not shown:
        notes.append(f"there is no such page: the answer ends after {amount(len(places), 'hit')}")
    if not places and not notes:
        notes.append("nothing was found")
    return Page(tuple(shown), best, len(places) > query.offset + query.k, tuple(notes))
