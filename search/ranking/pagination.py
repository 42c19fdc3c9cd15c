"""One page of a ranking: cutoff, near-duplicates folded, variety, and the requested ranks."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from search.errors import Message
from search.query.reading import Reading
from search.query.records import CutText, IndexedTerm, Query
from search.query.sorting import Counts
from search.ranking.candidates import RankedPicture, RankFunction, Ranking
from search.ranking.comparison import Comparison
from search.ranking.counts import known_counts
from search.ranking.variety import diversify, fold
from search.text.amounts import amount

# The most candidates that are compared with each other, each with each: 2,000 take 30 ms.
MAX_COMPARED = 2_000

MIN_DEPTH = 100

CUTOFF_NOT_APPLIED = Message(
    "cutoff-not-applied",
    "the cutoff was not applied: only words alone have a confidence, not pictures, concepts or "
    "marks",
)
NOTHING_FOUND = Message("nothing-found", "nothing was found")


@dataclass(frozen=True, slots=True)
class ResultPage:
    """The ranked pictures of one page, whether more follow, and notes for the user.

    `counts` are those of the whole answer by strictness; None where they are not known.
    """

    pictures: tuple[RankedPicture, ...]
    confidence: float | None
    more: bool
    notes: tuple[Message, ...]
    counts: Counts | None = None


@dataclass(frozen=True, slots=True)
class RankedResults:
    """An answer before its pictures are read from SQL; hits of any rank can be made.

    `ranking` is None where nothing was ranked. `first` is the rank of the page's first picture.
    `notes_of_query` are those about unknown words, and collections that could not be searched.
    `readings` are what was understood in its texts.
    """

    page: ResultPage
    ranking: Ranking | None = None
    cuts: tuple[CutText, ...] = ()
    first: int = 1
    notes_of_query: tuple[Message, ...] = ()
    readings: tuple[Reading, ...] = ()

    @property
    def notes(self) -> tuple[Message, ...]:
        """Return the notes about the page, and those about the query."""
        return (*self.page.notes, *self.notes_of_query)

    @property
    def ids(self) -> list[int]:
        """Return the pictures' ids."""
        return [picture.picture_id for picture in self.page.pictures]

    @property
    def groups(self) -> list[str | None]:
        """Return the pictures' headings, None without one."""
        return [picture.group for picture in self.page.pictures]


def no_results(*notes: Message, cuts: tuple[CutText, ...] = ()) -> RankedResults:
    """Return results without a picture, and notes with the reason."""
    return RankedResults(ResultPage((), None, False, notes), cuts=cuts)


def paginate(
    query: Query, rank: RankFunction, comparison: Comparison
) -> tuple[ResultPage, Ranking]:
    """Return the page of the query; rank deeper until the page is full."""
    left_out_count = len(left_out_ids(query))
    needed_count = query.offset + query.k + 1
    depth = MIN_DEPTH
    while depth < needed_count + left_out_count + (needed_count if query.diverse else 0):
        depth *= 2  # in steps, so that neighbouring pages are cut from one order
    last_count = 0
    while True:
        ranking = rank(depth)
        all_rows = rows = candidate_rows(query, ranking)
        if query.cutoff and ranking.confidence is not None:
            rows = [row for row in rows if ranking.confidence[row] >= query.cutoff]
        pictures = rank_rows(query, ranking, rows, comparison)
        if (
            len(pictures) >= needed_count
            or len(ranking.ids) <= last_count
            or len(ranking.ids) < depth
        ):
            break
        last_count, depth = len(ranking.ids), 4 * depth
    page = page_of(query, ranking, pictures)
    return replace(page, counts=known_counts(all_rows, ranking, depth)), ranking


def left_out_ids(query: Query) -> set[int]:
    """Return the pictures that the answer leaves out: those of the query, and marked "less"."""
    terms = (term for term in query.terms if isinstance(term, IndexedTerm))
    return {term.picture_id for term in terms} | set(query.less)


def candidate_rows(query: Query, ranking: Ranking) -> list[int]:
    """Return the rows of the candidates that may be in the answer, best first."""
    left_out = left_out_ids(query)
    ids = ranking.ids.tolist()
    return [row for row, picture_id in enumerate(ids) if picture_id not in left_out]


def rank_rows(
    query: Query, ranking: Ranking, rows: list[int], comparison: Comparison
) -> list[RankedPicture]:
    """Return the pictures of rows, folded and with variety, if wanted."""
    ids = ranking.ids.tolist()
    compared_rows, rest = rows[:MAX_COMPARED], rows[MAX_COMPARED:]
    pictures = [RankedPicture(ids[row], row) for row in compared_rows]
    if (query.fold or query.diverse) and len(compared_rows) > 1:
        compared_ids = ranking.ids[compared_rows]
        vectors = comparison.vectors(compared_ids)
        if query.fold:
            near = comparison.which_fold(compared_ids, vectors)
            pictures, indexes = fold(pictures, near)
            vectors = vectors[indexes]
        if query.diverse:
            scores = ranking.scores[[picture.row for picture in pictures]]
            pictures = [pictures[index] for index in diversify(scores, vectors, query)]
    return pictures + [RankedPicture(ids[row], row) for row in rest]


def page_of(query: Query, ranking: Ranking, pictures: list[RankedPicture]) -> ResultPage:
    """Return the page of the query from all pictures of its answer."""
    page_pictures = pictures[query.offset : query.offset + query.k]
    best = None
    if ranking.confidence is not None and len(ranking.ids):
        best = float(ranking.confidence.max())
    without_confidence = ranking.confidence is None
    notes = tuple(_notes(query, without_confidence, best, len(pictures), len(page_pictures)))
    return ResultPage(tuple(page_pictures), best, len(pictures) > query.offset + query.k, notes)


def _notes(
    query: Query, without_confidence: bool, best: float | None, hit_count: int, page_count: int
) -> Iterator[Message]:
    """Yield the reasons for a page without hits, and for a cutoff that was not applied."""
    if query.cutoff and without_confidence:
        yield CUTOFF_NOT_APPLIED
    elif not hit_count and query.cutoff and best is not None:
        yield Message(
            "cutoff-above-best",
            "no hit: best confidence {best:.2f}, cutoff {cutoff:g}",
            best=best,
            cutoff=query.cutoff,
        )
    elif not hit_count:
        yield NOTHING_FOUND
    if hit_count and not page_count:
        yield past_end(hit_count)


def past_end(hit_count: int) -> Message:
    """Return the note for a page after the last of so many hits."""
    return Message(
        "page-past-end",
        "there is no such page: the answer ends after {hits}",
        hits=amount(hit_count, "hit"),
        count=hit_count,
    )
