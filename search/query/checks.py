"""The checks of queries: every limit on a query is enforced here and nowhere else."""

from search.errors import BadQuery
from search.query.filters import grammar
from search.query.limits import (
    MAX_CHARACTERS,
    MAX_HITS,
    MAX_MARKS,
    MAX_TERMS,
    MAX_WEIGHT,
    SIGNAL_NAMES,
)
from search.query.records import Crop, PictureTerm, Query, TextTerm
from search.query.sorting import STRICTNESS, parse_sort


def check_crop(crop: Crop) -> None:
    """Refuse a part of a picture that is empty or outside it; raises BadQuery."""
    left, top, right, bottom = crop
    if not (0 <= left < right <= 100 and 0 <= top < bottom <= 100):
        raise BadQuery(
            "crop-out-of-range",
            "the part of a picture is {left},{top},{right},{bottom}; it may be its left, top, "
            "right and bottom edges in percent, such as 10,20,60,80",
            left=left,
            top=top,
            right=right,
            bottom=bottom,
        )


def check(query: Query) -> None:
    """Refuse a query that has no valid answer.

    Raises:
        BadQuery: an empty query, too many terms, words that are blank or too long, a weight that
            is zero, no number or out of range, `k`, `offset`, `cutoff` or `diverse` out of range,
            no signal or an unknown one, marks that contradict, an order that is blank or without
            a set, or a filter that is not valid.
    """
    check_marks(query)
    check_sort(query)
    if not query.ranks and query.where is None and not query.collections:
        raise BadQuery(
            "query-empty", "the query is empty; give words, a picture, a filter or a collection"
        )
    if not 1 <= query.k <= MAX_HITS:
        raise BadQuery(
            "k-out-of-range",
            "can't return {k} results; ask for 1 to {most}",
            k=query.k,
            most=MAX_HITS,
        )
    if query.offset < 0:
        raise BadQuery(
            "offset-negative", "offset is {offset:,}; it may be 0 at least", offset=query.offset
        )
    if query.offset + query.k > MAX_HITS:
        raise BadQuery(
            "offset-out-of-range",
            "offset + k is {total:,}; it may be {most:,} at most",
            total=query.offset + query.k,
            offset=query.offset,
            k=query.k,
            most=MAX_HITS,
        )
    for name, share in (("cutoff", query.cutoff), ("diverse", query.diverse)):
        if not 0 <= share <= 1:
            raise BadQuery(
                "share-out-of-range",
                "{name} is {share:g}; it may be a number from 0 to 1",
                name=name,
                share=share,
            )
    unknown = [name for name in query.by if name not in SIGNAL_NAMES]
    if unknown or not query.by:
        raise BadQuery(
            "signal-unknown",
            "by is {found}; it may be: {signals}",
            found=", ".join(unknown) or "empty",
            signals=", ".join(SIGNAL_NAMES),
        )
    if (
        query.ranks
        and "picture" not in query.by
        and not any(isinstance(term, TextTerm) and term.weight > 0 for term in query.terms)
    ):
        raise BadQuery(
            "signals-need-picture",
            "only words can be compared with captions and words; add picture to by",
        )
    if query.where is not None:
        grammar.check(query.where)
    if len(query.terms) > MAX_TERMS:
        raise BadQuery(
            "terms-too-many",
            "the query has {count} terms; it may have {most} at most",
            count=len(query.terms),
            most=MAX_TERMS,
        )
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
            "mark-contradicts",
            "picture {id} is marked both more and less like what is wanted; leave one out",
            id=both[0],
        )
    if len(query.more) + len(query.less) > MAX_MARKS:
        raise BadQuery(
            "marks-too-many",
            "{count} pictures are marked; there may be {most}",
            count=len(query.more) + len(query.less),
            most=MAX_MARKS,
        )


def check_sort(query: Query) -> None:
    """Refuse an order without a set of pictures, and cutoffs that contradict; raises BadQuery.

    The columns of the collections, by which a set can be sorted too, are known to the catalog.
    """
    if parse_sort(query.sort) is not None:
        if not query.ranks and query.where is None and not query.collections:
            raise BadQuery(
                "sort-needs-set",
                "there is no set to sort by {sort}; give words, a picture, a filter or a "
                "collection",
                sort=query.sort,
            )
        if query.diverse:
            raise BadQuery(
                "sort-with-diverse",
                "the answer can't be both sorted by {sort} and diverse; leave one out",
                sort=query.sort,
            )
    if query.strictness is not None and query.strictness not in STRICTNESS:
        raise BadQuery(
            "strictness-unknown",
            "strictness is {strictness!r}; it may be: {choices}",
            strictness=query.strictness,
            choices=", ".join(STRICTNESS),
        )
    if query.strictness is not None and query.cutoff:
        raise BadQuery(
            "strictness-with-cutoff",
            "strictness is {strictness} and cutoff is {cutoff:g}; both are the least confidence, "
            "so leave one out",
            strictness=query.strictness,
            cutoff=query.cutoff,
        )


def check_words(text: str) -> None:
    """Refuse words that are blank or too long; raises BadQuery."""
    if not text.strip():
        raise BadQuery("words-blank", "the query's words are blank; say what the picture shows")
    if len(text) > MAX_CHARACTERS:
        raise BadQuery(
            "words-too-long",
            "the words have {count:,} characters; shorten them to {most:,} at most",
            count=len(text),
            most=MAX_CHARACTERS,
        )


def check_weight(weight: float) -> None:
    """Refuse a weight that is zero, no number, or out of range; raises BadQuery."""
    if not abs(weight) <= MAX_WEIGHT or weight == 0:
        raise BadQuery(
            "weight-out-of-range",
            "weight is {weight:g}; it may be any number but zero from {least:g} to {most:g}",
            weight=weight,
            least=-MAX_WEIGHT,
            most=MAX_WEIGHT,
        )
