"""From a query's terms to one vector: what a person may ask is checked here and nowhere else."""

from collections.abc import Callable, Sequence

import numpy as np

from search.encoders import Encoder
from search.errors import BadQuery
from search.records import IndexedTerm, PictureTerm, Pixels, Query, Term, TextTerm, Vectors

# Deeper answers cost memory and are never looked at; a page that scrolls stays far below.
MOST_HITS = 10_000

# Tokenizers of some encoders take time that grows with the square of a word's length, and no text
# tower reads this much.
MOST_CHARACTERS = 4_000

# A hundred times is as good as alone; far larger numbers overflow when they are added up.
MOST_WEIGHT = 100.0
WEIGHTS = f"it may be any number but zero from -{MOST_WEIGHT:g} to {MOST_WEIGHT:g}"

# Each picture of a query costs a decoding and a place in the encoder's batch.
MOST_TERMS = 32

# Terms whose weighted sum is shorter than this point nowhere: rounding alone would choose.
SHORTEST_SUM = 1e-3


def split_weight(text: str) -> tuple[str, float]:
    """Split "beach:0.5" into its term and weight; without a number at its end the weight is 1.

    >>> split_weight("me.jpg:0.5")
    ('me.jpg', 0.5)
    >>> split_weight("C:/photos/me.jpg")
    ('C:/photos/me.jpg', 1.0)
    """
    head, colon, tail = text.rpartition(":")
    try:
        weight = float(tail) if colon and head else None
    except ValueError:
        weight = None
    return (text, 1.0) if weight is None else (head, weight)


def check(query: Query) -> None:
    """Refuse a query that has no answer.

    Raises:
        BadQuery: no terms or too many, words that are blank or too long, a weight that is zero, no
            number or out of range, or `k` out of range.
    """
    if not query.terms:
        raise BadQuery("the query is empty; give words, a picture, or both")
    if not 1 <= query.k <= MOST_HITS:
        raise BadQuery(f"can't return {query.k} results; ask for 1 to {MOST_HITS}")
    if not 0 <= query.offset <= MOST_HITS - query.k:
        raise BadQuery(
            f"can't return {query.k} results after the first {query.offset}; together they may be "
            f"{MOST_HITS} at most"
        )
    if len(query.terms) > MOST_TERMS:
        raise BadQuery(f"the query has {len(query.terms)} terms; it may have {MOST_TERMS} at most")
    for term in query.terms:
        if isinstance(term, TextTerm):
            check_words(term.text)
        check_weight(term.weight)


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


def query_vector(
    terms: Sequence[Term],
    encoder: Encoder,
    read_pixels: Callable[[PictureTerm], Pixels],
    indexed_vector: Callable[[IndexedTerm], Vectors],
) -> Vectors:
    """Embed the terms and add them up, each as a unit vector times its weight -> (1, width).

    Raises:
        BadQuery: the terms cancel out.
        BadPicture: a picture can't be read.
        NotFound: an indexed picture is gone.
    """
    texts = [term.text for term in terms if isinstance(term, TextTerm)]
    pixels = [read_pixels(term) for term in terms if isinstance(term, PictureTerm)]
    text_rows = iter(encoder.encode_texts(texts)) if texts else iter(())
    picture_rows = iter(encoder.encode_pixels(np.stack(pixels))) if pixels else iter(())
    total = np.zeros(encoder.space.width, dtype=np.float64)
    for term in terms:
        match term:
            case TextTerm():
                row = next(text_rows)
            case PictureTerm():
                row = next(picture_rows)
            case IndexedTerm():
                row = indexed_vector(term)
        total += term.weight * row
    length = float(np.linalg.norm(total))
    if not length > SHORTEST_SUM * sum(abs(term.weight) for term in terms):
        raise BadQuery("the query's terms cancel out; change a weight or leave one out")
    return np.ascontiguousarray((total / length)[None], dtype=np.float32)
