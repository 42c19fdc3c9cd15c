"""A client of a Limn server in Python: `Client`, and the documents that it returns.

It needs only msgspec, besides the standard library and this package.
"""

from search.client.client import Client
from search.client.transport import Problem, Unreachable
from search.documents.collection import Collection, Failure, SecondPair
from search.documents.encoders import EncoderPairs, InstalledPair, OfferedPair
from search.documents.jobs import Job
from search.documents.picture import Caption, Picture
from search.documents.saved_and_boards import Board, Pinned, SavedSearch
from search.documents.search import Answer, Hit, TextTerm

__all__ = [
    "Answer",
    "Board",
    "Caption",
    "Client",
    "Collection",
    "EncoderPairs",
    "Failure",
    "Hit",
    "InstalledPair",
    "Job",
    "OfferedPair",
    "Picture",
    "Pinned",
    "Problem",
    "SavedSearch",
    "SecondPair",
    "TextTerm",
    "Unreachable",
]
