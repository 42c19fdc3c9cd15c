"""A client of a Limn server in Python: `Client`, and the records that its answers are made of.

It needs nothing but the standard library and this package.
"""

from search.client.client import Client
from search.client.records import (
    Answer,
    Board,
    Caption,
    Collection,
    Failure,
    Hit,
    Job,
    Picture,
    Pinned,
    SavedSearch,
    TextTerm,
)
from search.client.transport import Problem, Unreachable

__all__ = [
    "Answer",
    "Board",
    "Caption",
    "Client",
    "Collection",
    "Failure",
    "Hit",
    "Job",
    "Picture",
    "Pinned",
    "Problem",
    "SavedSearch",
    "TextTerm",
    "Unreachable",
]
