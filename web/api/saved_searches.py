"""The JSON API of saved searches: list, save, change, run, delete."""

from dataclasses import replace

from flask import Blueprint, Response, request, url_for
from msgspec import UNSET

from search.catalog import saved_searches as catalog
from search.documents.from_saved import saved_search_document
from search.documents.reading import read_texts
from search.documents.saved_and_boards import (
    NewSearch,
    PageFields,
    SavedAnswerFields,
    SavedSearch,
    SavedSearches,
    SearchChange,
)
from search.documents.search import Answer
from search.query.limits import LARGEST_ID
from web.api.openapi import error_sources as sources
from web.api.search import answer_query
from web.links import API
from web.requests.json_body import read_body
from web.requests.pagination import next_of, page_of
from web.requests.query_form import words
from web.requests.saved_search import name_of, parse_address, saved_address
from web.route import JSON, route
from web.state import engine, state

saved_searches = Blueprint("saved", __name__, url_prefix=API)

SAVED = f"/saved/<int(max={LARGEST_ID}):search_id>"


@route(
    saved_searches,
    "/saved",
    answers=SavedSearches,
    endpoint="listed",
    fields=PageFields,
    raises=sources.PAGES,
)
def list_searches() -> SavedSearches:
    """List the saved searches.

    The oldest comes first.
    """
    k, after = page_of(request.args, "saved searches")
    rows = _rows().page(k, after or 0)
    searches = tuple(saved_search_document(search) for search in rows)
    return SavedSearches(searches, next_of([search.id for search in rows], k))


@route(
    saved_searches,
    "/saved",
    "POST",
    answers=SavedSearch,
    takes={JSON: NewSearch},
    status=201,
    raises=sources.SAVED,
)
def save() -> tuple[SavedSearch, int, dict[str, str]]:
    """Save a search.

    Send a `name`, and the search as the `address` of the page has it after the "?".
    """
    new = read_body(NewSearch, request.get_data())
    search_id = _rows().save(name_of(new.name), _address(new.address))
    return one(search_id), 201, {"Location": url_for("saved.one", search_id=search_id)}


@route(saved_searches, SAVED, answers=SavedSearch)
def one(search_id: int) -> SavedSearch:
    """Show a saved search.

    The answer has its name and its address.
    """
    return saved_search_document(_rows().one(search_id))


@route(
    saved_searches,
    SAVED,
    "PATCH",
    answers=SavedSearch,
    takes={JSON: SearchChange},
    raises=sources.SAVED,
)
def change(search_id: int) -> SavedSearch:
    """Rename a saved search, or change what it asks.

    Send another `name`, another `address`, or both.
    """
    change = read_body(SearchChange, request.get_data())
    values = {} if change.name is UNSET else {"name": name_of(change.name)}
    if change.address is not UNSET:
        values["address"] = _address(change.address)
    if values:
        _rows().change(search_id, **values)
    return one(search_id)


@route(saved_searches, SAVED, "DELETE", status=204)
def forget(search_id: int) -> Response:
    """Delete a saved search.

    The pictures that it finds stay.
    """
    _rows().remove(search_id)
    return Response(status=204)


@route(
    saved_searches,
    f"{SAVED}/search",
    answers=Answer,
    fields=SavedAnswerFields,
    etag=False,
    raises=(*sources.SEARCH, *sources.ADDRESSES, "web.services.query_images", *sources.PICTURES),
)
def search(search_id: int) -> Answer:
    """Run a saved search.

    The answer has the pictures that the search finds now, in the form of any other search.
    """
    page = read_texts(SavedAnswerFields, dict(request.args.lists()))
    url = parse_address(_rows().one(search_id).address)
    query = replace(state().queries.query_of(url, page.k, 0), fold=False)
    return answer_query(query, page.cursor)


def _address(address: str) -> str:
    """Return the address of a query in its stored form."""
    return saved_address(parse_address(words(address)))


def _rows() -> catalog.CatalogSavedSearches:
    return engine().catalog.saved_searches
