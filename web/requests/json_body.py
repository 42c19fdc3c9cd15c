"""The members of the JSON documents that requests bring."""

from typing import Any

from search.errors import BadQuery
from web.requests.query_form import document_of, identities, refuse_unknown


def members(body: bytes, *known: str) -> dict[str, Any]:
    """Return the members of a request's JSON object; none of an empty body.

    Raises:
        BadQuery: it is no object, or has a member that is not known.
    """
    document = document_of(body or b"{}")
    refuse_unknown(document, known)
    return document


def ids_in(document: dict[str, Any], field: str) -> list[int]:
    """The pictures' ids in a member that may be absent, each once, in their order."""
    ids = document.get(field, [])
    if not isinstance(ids, list):
        raise BadQuery(f"{field} is {str(ids)[:80]!r}; it must be a list of pictures' ids")
    return identities(field, ids) if ids else []
