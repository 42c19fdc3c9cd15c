"""Parsers of saved items: names, notes, and a query as an address."""

from urllib.parse import parse_qs, urlencode

from werkzeug.datastructures import MultiDict

from search.errors import BadQuery
from search.query.filters.grammar import parse
from search.query.limits import MAX_ADDRESS, MAX_NOTE, MAX_SAVED_NAME
from web.requests.query_form import words
from web.requests.search_url import SearchUrl


def name_of(text: str) -> str:
    """Return the name of a saved search or a board; raise BadQuery if it is blank or too long."""
    name = words(text)
    if not 1 <= len(name) <= MAX_SAVED_NAME:
        raise BadQuery(
            "name-length-invalid",
            "the name is {name!r}; give one of 1 to {most} characters",
            name=name[:80],
            most=MAX_SAVED_NAME,
        )
    return name


def note_of(text: str) -> str:
    """Return the note on a picture; raise BadQuery if it is too long."""
    note = words(text)
    if len(note) > MAX_NOTE:
        raise BadQuery(
            "note-too-long",
            "the note has {count:,} characters; it may have {most:,}",
            count=len(note),
            most=MAX_NOTE,
        )
    return note


def parse_address(address: str) -> SearchUrl:
    """Parse the query in a page's address, after its "?"."""
    fields: MultiDict[str, str] = MultiDict(parse_qs(address.removeprefix("?")))
    return SearchUrl.of(fields)


def saved_address(url: SearchUrl) -> str:
    """Return the address of a query for saving, from its first hit on.

    Raises:
        BadQuery: the query is empty, a filter can't be read, or the query is too long for an
            address.
    """
    if not url.anything:
        raise BadQuery(
            "saved-search-empty", "there is no query to save; search for something first"
        )
    for text in url.where:
        parse(text)
    fields = {key: value for key, value in url.but().address().items() if value is not None}
    address = urlencode(fields, doseq=True)
    if len(address) > MAX_ADDRESS:
        raise BadQuery(
            "saved-search-too-long",
            "the query has {count:,} characters as an address; it may have {most:,} to be saved",
            count=len(address),
            most=MAX_ADDRESS,
        )
    return address
