"""Cursors of pages; the cursor of an answer is valid for its own query alone."""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace

from search.documents.reading import read_texts
from search.documents.saved_and_boards import PageFields
from search.errors import BadQuery
from search.query.limits import MAX_HITS, MAX_ROWS
from search.query.records import PictureTerm, Query
from web.requests.query_form import Fields, identity


def cursor_after(query: Query, hits: int) -> str | None:
    """Return the cursor of the next page, after a page of `hits` hits; None after the last."""
    offset = query.offset + hits
    if hits < query.k or offset + query.k > MAX_HITS:
        return None
    return base64.urlsafe_b64encode(json.dumps([offset, digest(query)]).encode()).decode()


def offset_of(cursor: str, query: Query) -> int:
    """Return the number of hits before the page that a cursor begins.

    Raises:
        BadQuery: the cursor is invalid, or belongs to another query.
    """
    try:
        offset, query_digest = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        offset, query_digest = None, None
    if not isinstance(offset, int) or query_digest != digest(query):
        raise BadQuery(
            "cursor-foreign",
            "cursor {cursor!r} does not belong to this question; send `next` of an answer "
            "with the same terms, collections and k",
            cursor=cursor[:40],
        )
    return offset


def page_of(fields: Fields, what: str) -> tuple[int, int | None]:
    """Return the number of rows to list, and the last id of the previous page.

    Raises:
        BadQuery: a field is unknown, or a value is out of range.
    """
    page = read_texts(PageFields, dict(fields.lists()))
    if not 1 <= page.k <= MAX_ROWS:
        raise BadQuery(
            "page-size-out-of-range",
            "can't return {k} {things}; ask for 1 to {most}",
            k=page.k,
            things=what,
            most=MAX_ROWS,
        )
    return page.k, identity("cursor", page.cursor) if page.cursor else None


def next_of(ids: Sequence[int], k: int) -> str | None:
    """Return the cursor of the page after these ids; None after the last page."""
    return str(ids[-1]) if len(ids) == k else None


def digest(query: Query) -> str:
    """Return a short digest of the query, apart from its page."""
    terms = [
        (hashlib.sha256(term.source).hexdigest(), term.weight)
        if isinstance(term, PictureTerm) and isinstance(term.source, bytes)
        else repr(term)
        for term in query.terms
    ]
    rest = repr(replace(query, terms=(), offset=0))
    text = json.dumps([terms, rest])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
