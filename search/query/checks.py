"""From a query's terms to vectors and words: what may be asked is checked here and nowhere else."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import regex

from search.encoders import Encoder
from search.errors import BadQuery
from search.filters import grammar
from search.records import (
    EVERY_EVIDENCE,
    ConceptTerm,
    Crop,
    Cut,
    IndexedTerm,
    PictureTerm,
    Pixels,
    Query,
    QueryKind,
    Term,
    TextTerm,
    Vectors,
)
from search.text.analysis import query_words

# Deeper answers cost memory and are never looked at; a page that scrolls stays far below.
MOST_HITS = 10_000

# Tokenizers of some encoders take time that grows with the square of a word's length, and no text
# tower reads this much.
MOST_CHARACTERS = 4_000

# A hundred times is as good as alone; far larger numbers overflow when they are added up.
MOST_WEIGHT = 100.0
WEIGHTS = f"it may be any number but zero from -{MOST_WEIGHT:g} to {MOST_WEIGHT:g}"

# As much as the words, "beach" minus "people" leads away from beaches too, which people are at.
USUAL_MINUS = 0.5

# Each picture of a query costs a decoding and a place in the encoder's batch.
MOST_TERMS = 32

# A hundred is an evening's work; fitting to a thousand would take a second.
MOST_MARKS = 200

# A concept's name stands in addresses, on the command line and on a chip.
MOST_NAME = 80

# A concept among words, as people write it: concept:our-dog, or concept:our-dog:-0.5
CONCEPT = regex.compile(
    rf"(?<!\S)concept:([\w\p{{M}}-]{{1,{MOST_NAME}}})(?::(-?\d+(?:\.\d+)?))?(?!\S)"
)

# The end of words that is no weight: a time of day, and a concept's name.
TIME = re.compile(r"(?<![\d.:])\d{1,2}:\d{2}$", re.ASCII)
NAMED_CONCEPT = re.compile(rf"(?<!\S)concept:[\w-]{{1,{MOST_NAME}}}$")

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


def weighed(option: str, text: str) -> tuple[str, float | None]:
    """Split the words of an option from their weight, which is None where none is given.

    A time such as 12:30 and what follows a colon and a space are words.

    >>> weighed("--text", "dog:0.5"), weighed("--text", "a clock at 12:30")
    (('dog', 0.5), ('a clock at 12:30', None))
    >>> weighed("--text", "title: dog"), weighed("--text", "16:9:1")
    (('title: dog', None), ('16:9', 1.0))

    Raises:
        BadQuery: what stands after the last colon is no number.
    """
    words, weight = split_weight(text)
    if TIME.search(text) or NAMED_CONCEPT.search(text):
        return text, None
    if words != text:
        return words, weight
    head, colon, tail = text.rpartition(":")
    if not (colon and head.strip()) or re.search(r"\s", tail):
        return text, None
    raise BadQuery(
        f"{option} is {text!r}, and {tail!r} is no weight; write a number, as in "
        f"'{head}:0.5', or let one follow words that hold a colon: '{text.rstrip(':')}:1'"
    )


def worded(text: str, weight: float = 1.0) -> list[Term]:
    """The terms that words make: `concept:NAME` among them, perhaps with a weight, is a concept.

    >>> worded("concept:our-dog at the beach")
    [ConceptTerm(name='our-dog', weight=1.0), TextTerm(text='at the beach', weight=1.0)]
    >>> worded("concept:our-dog:0.5", -1.0)
    [ConceptTerm(name='our-dog', weight=-0.5)]
    """
    found: list[Term] = [
        ConceptTerm(each[1], weight * float(each[2] or 1)) for each in CONCEPT.finditer(text)
    ]
    rest = " ".join(CONCEPT.sub(" ", text).split()) if found else text
    return [*found, TextTerm(rest, weight)] if rest or not found else found


def split_crop(text: str) -> tuple[str, Crop | None]:
    """Split "me.jpg@10,20,60,80" into a name and the part of the picture that is meant.

    >>> split_crop("me.jpg@10,20,60,80")
    ('me.jpg', (10, 20, 60, 80))
    >>> split_crop("me@home.jpg")
    ('me@home.jpg', None)
    """
    head, _, tail = text.rpartition("@")
    if not head or not re.fullmatch(r"\d{1,3}(,\d{1,3}){3}", tail):
        return text, None
    left, top, right, bottom = map(int, tail.split(","))
    return head, (left, top, right, bottom)


# What is meant for a part of a picture, whether or not it is one.
CROP_LIKE = re.compile(r"[-\d.%\s]*,[-\d.,%\s]*")


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
    unknown = [each for each in query.by if each not in EVERY_EVIDENCE]
    if unknown or not query.by:
        raise BadQuery(
            f"by is {', '.join(unknown) or 'empty'}; it may be: {', '.join(EVERY_EVIDENCE)}"
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


@dataclass(frozen=True, slots=True)
class Asked:
    """A query's terms as the stores and the words index take them.

    `vector` (1, width) is the weighted sum of all terms, `text` that of the words alone, None where
    there are none or they cancel out. `words` are those of the terms that lead towards something.
    `told` is the words' part in the weights, from 0 to 1. `plain` tells that there are only such
    words: of these it is known how high cosines stand. `kind` is "picture" where only pictures lead
    there, and all of them towards it.
    """

    vector: Vectors
    text: Vectors | None
    words: tuple[str, ...]
    told: float
    plain: bool
    kind: QueryKind = "text"


def understand(
    terms: Sequence[Term],
    encoder: Encoder,
    read_pixels: Callable[[PictureTerm], Pixels],
    known_vector: Callable[[IndexedTerm | ConceptTerm], Vectors],
    adapter: Callable[[Vectors], Vectors] | None = None,
) -> Asked:
    """Embed the terms and add them up, each as a unit vector times its weight.

    `adapter` moves the words' vectors nearer to the pictures that are meant by them; captions are
    compared with the words as the encoder has them.

    Raises:
        BadQuery: the terms cancel out.
        BadPicture: a picture can't be read.
        NotFound: an indexed picture or a concept is gone.
    """
    texts = [term for term in terms if isinstance(term, TextTerm)]
    pixels = [read_pixels(term) for term in terms if isinstance(term, PictureTerm)]
    plain = encoder.encode_texts([term.text for term in texts]) if texts else None
    text_rows = iter(() if plain is None else plain if adapter is None else adapter(plain))
    picture_rows = iter(encoder.encode_pixels(np.stack(pixels))) if pixels else iter(())
    rows = []
    for term in terms:
        match term:
            case TextTerm():
                rows.append(next(text_rows))
            case PictureTerm():
                rows.append(next(picture_rows))
            case IndexedTerm() | ConceptTerm():
                rows.append(known_vector(term))
    vector = _sum(terms, rows)
    if vector is None:
        raise BadQuery("the query's terms cancel out; change a weight or leave one out")
    wanted = [term for term in texts if term.weight > 0]
    return Asked(
        vector=vector,
        text=_sum(texts, list(plain)) if wanted and plain is not None else None,
        words=query_words(" \n ".join(term.text for term in wanted)),
        told=sum(abs(term.weight) for term in texts) / sum(abs(term.weight) for term in terms),
        plain=len(wanted) == len(terms),
        kind="picture" if all(map(_shows, terms)) else "text",
    )


def _shows(term: Term) -> bool:
    return isinstance(term, PictureTerm | IndexedTerm) and term.weight > 0


def cuts(terms: Sequence[Term], encoder: Encoder) -> tuple[Cut, ...]:
    """Which of the words the encoder does not read to their end."""
    texts = [term.text for term in terms if isinstance(term, TextTerm)]
    read = ((text, encoder.characters_read(text)) for text in texts)
    return tuple(Cut(text, len(text), count) for text, count in read if count < len(text))


def _sum(terms: Sequence[Term], rows: Sequence[Vectors]) -> Vectors | None:
    """The weighted sum of unit rows, of unit length (1, width); None where they cancel out."""
    weights = np.array([term.weight for term in terms])
    total = weights @ np.array(rows, dtype=np.float64)
    length = float(np.linalg.norm(total))
    if not length > SHORTEST_SUM * float(np.abs(weights).sum()):
        return None
    return np.ascontiguousarray((total / length)[None], dtype=np.float32)
