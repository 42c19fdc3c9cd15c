"""A piece of a question that was read, and its meaning."""

from dataclasses import dataclass
from typing import Literal

from search.errors import Message

ReadingKind = Literal[
    "exact",
    "field",
    "minus",
    "date",
    "place",
    "camera",
    "colour",
    "orientation",
    "films",
    "filler",
]
"""The kind of a reading; a filler is a word such as "photos" that says nothing by itself."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A piece of a question that is not searched as plain words, and its meaning.

    `text` is the question from `start` to `end`. `where` is its filter and `minus` the words that
    hits must not show; a filler has neither. What is not applied is an offer: its words stay words.
    """

    kind: ReadingKind
    text: str
    start: int
    end: int
    means: Message
    where: str = ""
    minus: tuple[str, ...] = ()
    is_applied: bool = True
