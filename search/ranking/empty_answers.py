"""Notes with the reason for an answer without any picture."""

from search.errors import Message
from search.query.filters.contradictions import contradiction, format_contradiction
from search.query.filters.grammar import format_filter
from search.query.filters.tree import Filter

NOTHING_INDEXED = Message("nothing-indexed", "no pictures are indexed yet; limn index PATH")


def none_passes(where: Filter) -> Message:
    """Return the note for a filter that no picture passes, or none can pass."""
    conflict = contradiction(where)
    if conflict:
        return Message(
            "filter-contradicts",
            "no picture can pass the filter: {reason}",
            reason=format_contradiction(conflict),
        )
    return Message(
        "filter-passes-nothing",
        "no picture passes the filter: {filter}",
        filter=format_filter(where),
    )
