"""The JSON API of saved searches: list, save, change, run, delete."""

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
from web.api.search import answered
from web.links import API
from web.requests.json_body import read_body
from web.requests.pagination import next_of, page_of
from web.requests.query_form import words
from web.requests.saved_search import asked_in, name_of, saved_address
from web.route import JSON, route
from web.state import engine, state

saved = Blueprint("saved", __name__, url_prefix=API)

SAVED = f"/saved/<int(max={LARGEST_ID}):search_id>"


@route(saved, "/saved", answers=SavedSearches, fields=PageFields)
def listed() -> SavedSearches:
    """Return the saved searches, the first saved first."""
    k, after = page_of(request.args, "saved searches")
    found = _rows().page(k, after or 0)
    searches = tuple(saved_search_document(search) for search in found)
    return SavedSearches(searches, next_of([search.id for search in found], k))


@route(
    saved,
    "/saved",
    "POST",
    answers=SavedSearch,
    takes={JSON: NewSearch},
    status=201,
)
def save() -> tuple[SavedSearch, int, dict[str, str]]:
    """Keep a question of the page under a name."""
    new = read_body(NewSearch, request.get_data())
    search_id = _rows().save(name_of(new.name), _address(new.address))
    return one(search_id), 201, {"Location": url_for("saved.one", search_id=search_id)}


@route(saved, SAVED, answers=SavedSearch)
def one(search_id: int) -> SavedSearch:
    """One saved search."""
    return saved_search_document(_rows().one(search_id))


@route(saved, SAVED, "PATCH", answers=SavedSearch, takes={JSON: SearchChange})
def change(search_id: int) -> SavedSearch:
    """Give a saved search another name, another question, or both."""
    change = read_body(SearchChange, request.get_data())
    values = {} if change.name is UNSET else {"name": name_of(change.name)}
    if change.address is not UNSET:
        values["address"] = _address(change.address)
    if values:
        _rows().change(search_id, **values)
    return one(search_id)


@route(saved, SAVED, "DELETE", status=204)
def forget(search_id: int) -> Response:
    """Forget a saved search."""
    _rows().remove(search_id)
    return Response(status=204)


@route(
    saved,
    f"{SAVED}/search",
    answers=Answer,
    fields=SavedAnswerFields,
    etag=False,
)
def search(search_id: int) -> Answer:
    """Answer a saved search as it is now."""
    page = read_texts(SavedAnswerFields, dict(request.args.lists()))
    asked = asked_in(_rows().one(search_id).address)
    return answered(state().queries.query_of(asked, page.k, 0), page.cursor)


def _address(address: str) -> str:
    """Return the address of a query in its stored form."""
    return saved_address(asked_in(words(address)))


def _rows() -> catalog.CatalogSavedSearches:
    return engine().catalog.saved
