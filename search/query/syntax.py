"""The written forms of terms: weights, crops, and concepts among words."""

import re

import regex

from search.errors import BadQuery
from search.query.limits import MAX_NAME
from search.query.records import ConceptTerm, Crop, Term, TextTerm

# The weight at which excluded words count in full. Where a concept's vectors are added up, half is
# enough: at full weight, "beach" minus "people" leads away from beaches, too.
USUAL_MINUS = 0.5


# A concept among words, as people write it: concept:our-dog, or concept:our-dog:-0.5
CONCEPT = regex.compile(
    rf"(?<!\S)concept:([\w\p{{M}}-]{{1,{MAX_NAME}}})(?::(-?\d+(?:\.\d+)?))?(?!\S)"
)


# An end of words that is not a weight: a time of day, and a concept's name.
TIME = re.compile(r"(?<![\d.:])\d{1,2}:\d{2}$", re.ASCII)


NAMED_CONCEPT = re.compile(rf"(?<!\S)concept:[\w-]{{1,{MAX_NAME}}}$")


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


def split_option(option: str, text: str) -> tuple[str, float | None]:
    """Split an option into its words and their weight, None where no weight is given.

    A time such as 12:30, and text after a colon and a space, are words.

    >>> split_option("--text", "dog:0.5"), split_option("--text", "a clock at 12:30")
    (('dog', 0.5), ('a clock at 12:30', None))
    >>> split_option("--text", "title: dog"), split_option("--text", "16:9:1")
    (('title: dog', None), ('16:9', 1.0))

    Raises:
        BadQuery: the text after the last colon is not a number.
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
        "weight-invalid",
        "{option} is {text!r}, and {tail!r} is no weight; write a number, as in "
        "'{head}:0.5', or let one follow words that hold a colon: '{example}:1'",
        option=option,
        text=text,
        tail=tail,
        head=head,
        example=text.rstrip(":"),
    )


def parse_query_text(text: str, weight: float = 1.0) -> list[Term]:
    """Return the terms of words, in which `concept:NAME`, with or without a weight, is a concept.

    >>> parse_query_text("concept:our-dog at the beach")
    [ConceptTerm(name='our-dog', weight=1.0), TextTerm(text='at the beach', weight=1.0)]
    >>> parse_query_text("concept:our-dog:0.5", -1.0)
    [ConceptTerm(name='our-dog', weight=-0.5)]
    """
    concepts: list[Term] = [
        ConceptTerm(match[1], weight * float(match[2] or 1)) for match in CONCEPT.finditer(text)
    ]
    rest = " ".join(CONCEPT.sub(" ", text).split()) if concepts else text
    return [*concepts, TextTerm(rest, weight)] if rest or not concepts else concepts


def split_crop(text: str) -> tuple[str, Crop | None]:
    """Split "me.jpg@10,20,60,80" into a name and the part of the picture.

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


# A text in the form of a part of a picture, valid or not.
CROP_LIKE = re.compile(r"[-\d.%\s]*,[-\d.,%\s]*")
