"""The set of an answer: the hits above a cutoff, all of them, counted and put in order."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from search.errors import Message
from search.query.limits import MAX_HITS
from search.query.records import Query
from search.query.sorting import AT_LEAST, Counts
from search.ranking.candidates import RankedPicture, RankFunction, Ranking, newest_first
from search.ranking.comparison import Comparison
from search.ranking.counts import MARGIN, WIDEST, count, has_whole_set
from search.ranking.ordering import Order, Place
from search.ranking.pagination import (
    CUTOFF_NOT_APPLIED,
    ResultPage,
    candidate_rows,
    page_of,
    paginate,
    rank_rows,
)

# Most sets have fewer pictures than a quarter of it, so one ranking finds them. It costs little
# more than one of a page's depth.
FIRST_DEPTH = 2_000

BY_RELEVANCE = Message(
    "set-by-relevance",
    "the hits were chosen by their relevance, which says how far they stand out, and the best are "
    "always among them: only words alone have a confidence, not pictures, concepts or marks",
)


def paginate_ranking(
    query: Query, rank: RankFunction, comparison: Comparison, order: Order | None
) -> tuple[ResultPage, Ranking]:
    """Return a page of all hits, or of a set if the query has an order or a strictness."""
    if order is None and query.strictness is None:
        return paginate(query, rank, comparison)
    return paginate_set(query, rank, comparison, order)


def paginate_set(
    query: Query, rank: RankFunction, comparison: Comparison, order: Order | None
) -> tuple[ResultPage, Ranking]:
    """Return a page of the set of a query, in the order of `order`, else by relevance."""
    least = min(query.set_cutoff or 0.0, WIDEST)
    ranking, is_whole = rank_set(query, rank, least)
    rows = _rows(query, ranking, least)
    pictures = rank_rows(query, ranking, rows, comparison)
    counts = count([picture.row for picture in pictures], ranking)
    pictures = _members(query, pictures, ranking, counts)
    size, is_whole = len(pictures), is_whole and len(pictures) <= MAX_HITS
    if order is not None:
        pictures = in_order(pictures[:MAX_HITS], order)
    elif query.unsure:
        pictures += _unsure(query, ranking, pictures, comparison)
    page = page_of(query, ranking, pictures)
    notes = tuple(_notes(query, ranking, page, size, is_whole))
    return replace(page, notes=notes, counts=counts), ranking


def paginate_list(
    query: Query, places: Sequence[Place], comparison: Comparison
) -> tuple[ResultPage, Ranking]:
    """Return a page of pictures that are in order already, without anything to rank by."""
    ids = np.array([place.picture_id for place in places], np.int64)
    page, ranking = paginate(query, lambda depth: newest_first(ids[:depth]), comparison)
    pictures = (replace(picture, group=places[picture.row].group) for picture in page.pictures)
    notes = page.notes if query.strictness is None else (CUTOFF_NOT_APPLIED, *page.notes)
    return replace(page, pictures=tuple(pictures), notes=notes), ranking


def rank_set(query: Query, rank: RankFunction, least: float) -> tuple[Ranking, bool]:
    """Rank until the pictures of certainty `least` are candidates; return whether all are.

    A set of more than `MAX_HITS` pictures is not ranked to its end. The candidates include the
    query's `unsure` pictures.
    """
    depth = FIRST_DEPTH
    while True:
        ranking = rank(depth)
        size = len(_rows(query, ranking, least))
        has_unsure = len(ranking.ids) < depth or size + query.unsure <= depth
        if has_unsure and has_whole_set(ranking, depth, size):
            return ranking, True
        if size > MAX_HITS or depth >= MARGIN * MAX_HITS:
            return ranking, size <= MAX_HITS
        depth = max(2 * depth, MARGIN * size, size + query.unsure)


def in_order(pictures: Sequence[RankedPicture], order: Order) -> list[RankedPicture]:
    """Return the pictures in order, each under its heading, without removed ones."""
    by_id = {picture.picture_id: picture for picture in pictures}
    places = order([picture.picture_id for picture in pictures])
    return [replace(by_id[place.picture_id], group=place.group) for place in places]


def _members(
    query: Query, pictures: list[RankedPicture], ranking: Ranking, counts: Counts
) -> list[RankedPicture]:
    """Return the pictures of the set: those above its cutoff, and the best without confidences."""
    name = query.strictness or (None if query.cutoff else "usual")
    if ranking.confidence is None and name is not None:
        return pictures[: getattr(counts, name)]
    cutoff = query.set_cutoff or 0.0
    return [picture for picture in pictures if ranking.certainty[picture.row] >= cutoff]


def _unsure(
    query: Query, ranking: Ranking, members: Sequence[RankedPicture], comparison: Comparison
) -> list[RankedPicture]:
    """Return the best pictures that are not in the set, without copies of its pictures."""
    set_ids = {each for picture in members for each in (picture.picture_id, *picture.copies)}
    ids = ranking.ids.tolist()
    rows = [row for row in candidate_rows(query, ranking) if ids[row] not in set_ids]
    pictures = rank_rows(query, ranking, rows[: MARGIN * query.unsure], comparison)
    return [replace(picture, is_sure=False) for picture in pictures[: query.unsure]]


def _rows(query: Query, ranking: Ranking, least: float) -> list[int]:
    """Return the rows of the widest set, best first."""
    rows = candidate_rows(query, ranking)
    is_sure = ranking.certainty >= np.float32(least)
    best = rows[: max(AT_LEAST.values())] if ranking.confidence is None else []
    return best + [row for row in rows[len(best) :] if is_sure[row]]


def _notes(
    query: Query, ranking: Ranking, page: ResultPage, size: int, is_whole: bool
) -> Iterator[Message]:
    """Yield how the set was chosen, and why it is empty or cut."""
    if ranking.confidence is None:
        yield BY_RELEVANCE
    elif not size and len(ranking.ids):
        yield Message(
            "cutoff-above-best",
            "no hit: best confidence {best:.2f}, cutoff {cutoff:g}",
            best=page.confidence,
            cutoff=query.set_cutoff,
        )
    if not is_whole:
        yield Message(
            "set-too-large",
            "more than {most:,} pictures are sure enough; the best {most:,} are in the answer",
            most=MAX_HITS,
        )
    others = ("page-past-end", "nothing-found") if not len(ranking.ids) else ("page-past-end",)
    yield from (note for note in page.notes if note.code in others)
