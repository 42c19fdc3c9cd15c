"""The query side of Limn. These names are the Python API: docs/python.md.

Each name is loaded at its first use, so that `import search` loads nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from search.bootstrap import open_engine as open_engine
    from search.concepts import keep as keep_concept
    from search.engine import Engine as Engine
    from search.errors import LimnError as LimnError
    from search.query.filters.grammar import parse as parse_filter
    from search.query.records import Answer as Answer
    from search.query.records import ConceptTerm as ConceptTerm
    from search.query.records import Hit as Hit
    from search.query.records import IndexedTerm as IndexedTerm
    from search.query.records import PictureTerm as PictureTerm
    from search.query.records import Query as Query
    from search.query.records import TextTerm as TextTerm
    from search.query.syntax import parse_query_text as worded
    from search.records import Picture as Picture
    from search.settings import Settings as Settings

__all__ = [
    "Answer",
    "ConceptTerm",
    "Engine",
    "Hit",
    "IndexedTerm",
    "LimnError",
    "Picture",
    "PictureTerm",
    "Query",
    "Settings",
    "TextTerm",
    "keep_concept",
    "open_engine",
    "parse_filter",
    "worded",
]

_HOMES = {
    "Engine": "search.engine",
    "LimnError": "search.errors",
    "Picture": "search.records",
    "Settings": "search.settings",
    "keep_concept": "search.concepts:keep",
    "open_engine": "search.bootstrap",
    "parse_filter": "search.query.filters.grammar:parse",
    "worded": "search.query.syntax:parse_query_text",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home, _, inside = _HOMES.get(name, "search.query.records").partition(":")
    return getattr(import_module(home), inside or name)
