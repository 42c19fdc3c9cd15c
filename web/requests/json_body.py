"""The JSON documents that requests bring."""

import json
from typing import Any

from search.documents.reading import Document, read
from search.errors import BadQuery


def object_of(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a request's body; raise BadQuery where it is none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadQuery(f"the request's body is not JSON that can be read: {error}") from error
    if not isinstance(document, dict):
        raise BadQuery('the request\'s body must be a JSON object, such as {"terms": [...]}')
    return document


def read_body(kind: type[Document], body: bytes) -> Document:
    """Return the document of a request's body; an empty body has no members.

    Raises:
        BadQuery: it is no object, or a member is unknown, missing, or not allowed.
    """
    return read(kind, object_of(body or b"{}"))
