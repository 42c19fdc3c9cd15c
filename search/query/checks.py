"""From a query's terms to vectors and words: what may be asked is checked here and nowhere else."""

from search.errors import BadQuery
from search.filters import grammar
from search.query.limits import (
    ALL_SIGNALS,
    MOST_CHARACTERS,
    MOST_HITS,
    MOST_MARKS,
    MOST_TERMS,
    MOST_WEIGHT,
)
from search.query.records import Crop, PictureTerm, Query, TextTerm

WEIGHTS = f"it may be any number but zero from -{MOST_WEIGHT:g} to {MOST_WEIGHT:g}"


def check_crop(crop: Crop) -> None:
    """Refuse a part of a picture that is none; raises BadQuery."""
    left, top, right, bottom = crop
    if not (0 <= left < right <= 100 and 0 <= top < bottom <= 100):
        raise BadQuery(
            f"the part of a picture is {left},{top},{right},{bottom}; it may be its left, top, "
            "right and bottom edges in percent, such as 10,20,60,80"
        )


def check(query: Query) -> None:
    """Refuse a query that has no answer.

    Raises:
        BadQuery: nothing is asked, too many terms, words that are blank or too long, a weight that
            is zero, no number or out of range, `k`, `offset`, `cutoff` or `diverse` out of range,
            evidence of an unknown kind or none, marks that contradict, or a filter that can't be
            followed.
    """
    check_marks(query)
    if not query.ranks and query.where is None and not query.collections:
        raise BadQuery("the query is empty; give words, a picture, a filter or a collection")
    if not 1 <= query.k <= MOST_HITS:
        raise BadQuery(f"can't return {query.k} results; ask for 1 to {MOST_HITS}")
    if query.offset < 0 or query.offset + query.k > MOST_HITS:
        raise BadQuery(
            f"can't pass over {query.offset:,} results and return {query.k:,}; "
            f"both together may be {MOST_HITS:,} at most"
        )
    for name, share in (("cutoff", query.cutoff), ("diverse", query.diverse)):
        if not 0 <= share <= 1:
            raise BadQuery(f"{name} is {share:g}; it may be a number from 0 to 1")
    unknown = [each for each in query.by if each not in ALL_SIGNALS]
    if unknown or not query.by:
        raise BadQuery(
            f"by is {', '.join(unknown) or 'empty'}; it may be: {', '.join(ALL_SIGNALS)}"
        )
    if (
        query.ranks
        and "picture" not in query.by
        and not any(isinstance(term, TextTerm) and term.weight > 0 for term in query.terms)
    ):
        raise BadQuery("only words can be compared with captions and words; add picture to by")
    if query.where is not None:
        grammar.check(query.where)
    if len(query.terms) > MOST_TERMS:
        raise BadQuery(f"the query has {len(query.terms)} terms; it may have {MOST_TERMS} at most")
    for term in query.terms:
        if isinstance(term, TextTerm):
            check_words(term.text)
        elif isinstance(term, PictureTerm) and term.crop is not None:
            check_crop(term.crop)
        check_weight(term.weight)


def check_marks(query: Query) -> None:
    """Refuse marks that contradict each other, or too many of them; raises BadQuery."""
    both = sorted(set(query.more) & set(query.less))
    if both:
        raise BadQuery(
            f"picture {both[0]} is marked both more and less like what is wanted; leave one out"
        )
    if len(query.more) + len(query.less) > MOST_MARKS:
        raise BadQuery(
            f"{len(query.more) + len(query.less)} pictures are marked; there may be {MOST_MARKS}"
        )


def check_words(text: str) -> None:
    """Refuse words that are blank or too long; raises BadQuery."""
    if not text.strip():
        raise BadQuery("the query's words are blank; say what the picture shows")
    if len(text) > MOST_CHARACTERS:
        raise BadQuery(
            f"the words have {len(text):,} characters; shorten them to {MOST_CHARACTERS:,} at most"
        )


def check_weight(weight: float) -> None:
    """Refuse a weight that is zero, no number, or out of range; raises BadQuery."""
    if not abs(weight) <= MOST_WEIGHT or weight == 0:
        raise BadQuery(f"weight is {weight:g}; {WEIGHTS}")
