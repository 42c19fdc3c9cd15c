"""JSON documents in the bodies of requests."""

import json
from typing import Any

from search.documents.reading import Document, read
from search.errors import BadQuery


def object_of(body: bytes) -> dict[str, Any]:
    """Parse a request's body as a JSON object; raise BadQuery for anything else."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadQuery(
            "body-not-json", "the request's body is not JSON that can be read: {error}", error=error
        ) from error
    if not isinstance(document, dict):
        raise BadQuery(
            "body-not-an-object",
            'the request\'s body must be a JSON object, such as {{"terms": [...]}}',
        )
    return document


def read_body(kind: type[Document], body: bytes) -> Document:
    """Parse a request's body as a document; an empty body has no members.

    Raises:
        BadQuery: the body is no object, or a member is unknown, missing or invalid.
    """
    return read(kind, object_of(body or b"{}"))
