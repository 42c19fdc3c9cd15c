"""Cursors of pages; the cursor of an answer is valid for its own query alone."""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from search.documents.reading import read_texts
from search.documents.saved_and_boards import PageFields
from search.errors import BadQuery
from search.query.limits import MAX_HITS, MAX_ROWS
from search.query.records import PictureTerm, Query
from web.requests.query_form import Fields, identity


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place where a page begins, after so many hits.

    A page of a set names the snapshot that it is cut from, and the last pictures before it, which
    find the place again once the snapshot is gone.
    """

    offset: int
    snapshot: str = ""
    last_ids: tuple[int, ...] = ()


def cursor_after(query: Query, hits: int) -> str | None:
    """Return the cursor of the next page, after a page of `hits` hits; None after the last."""
    offset = query.offset + hits
    if hits < query.k or offset + query.k > MAX_HITS:
        return None
    return cursor_text(Cursor(offset), query)


def cursor_text(cursor: Cursor, query: Query) -> str:
    """Return a cursor as clients send it back."""
    place: list[object] = [cursor.offset, digest(query)]
    if cursor.snapshot:
        place += [cursor.snapshot, cursor.last_ids]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def parse_cursor(text: str, query: Query) -> Cursor:
    """Return the cursor that a client sends.

    Raises:
        BadQuery: the cursor is invalid, or belongs to another query.
    """
    try:
        offset, query_digest, *rest = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        snapshot, last_ids = rest or ("", ())
        cursor = Cursor(int(offset), str(snapshot), tuple(int(each) for each in last_ids))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        cursor, query_digest = Cursor(0), None
    if query_digest != digest(query) or not 0 <= cursor.offset <= MAX_HITS:
        raise BadQuery(
            "cursor-foreign",
            "cursor {cursor!r} does not belong to this question; send `next` of an answer "
            "with the same terms, collections and k",
            cursor=text[:40],
        )
    return cursor


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
