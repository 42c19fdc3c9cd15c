"""The JSON API of saved searches: listed, kept, changed, asked again, forgotten."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, request, url_for

from search.catalog.saved_searches import SavedSearches
from web.api.schemas import saved_and_boards as kept_schemas
from web.api.schemas import search as schemas
from web.api.search import answered
from web.links import API
from web.requests.json_body import members
from web.requests.pagination import listing
from web.requests.query_form import DEFAULT_K, LARGEST_ID, count, refuse_unknown, text_of
from web.requests.saved_search import asked_in, name_of, saved_address
from web.route import JSON, route
from web.state import engine, state

saved = Blueprint("saved", __name__, url_prefix=API)

SAVED = f"/saved/<int(max={LARGEST_ID}):search_id>"


@route(saved, "/saved", answers=kept_schemas.SavedSearches, fields=kept_schemas.PageFields)
def listed() -> dict[str, Any]:
    """The saved searches, the first saved first."""
    return listing(request.args, "saved", "saved searches", _rows().page)


@route(
    saved,
    "/saved",
    "POST",
    answers=kept_schemas.SavedSearch,
    takes={JSON: kept_schemas.NewSearch},
    status=201,
)
def save() -> tuple[dict[str, Any], int, dict[str, str]]:
    """Keep a question of the page under a name."""
    asked = members(request.get_data(), "name", "address")
    name, address = (text_of(each, asked.get(each, "")) for each in ("name", "address"))
    made = _rows().save(name_of(name), saved_address(asked_in(address)))
    return one(made), 201, {"Location": url_for("saved.one", search_id=made)}


@route(saved, SAVED, answers=kept_schemas.SavedSearch)
def one(search_id: int) -> dict[str, Any]:
    """One saved search."""
    return asdict(_rows().one(search_id))


@route(
    saved, SAVED, "PATCH", answers=kept_schemas.SavedSearch, takes={JSON: kept_schemas.SearchChange}
)
def change(search_id: int) -> dict[str, Any]:
    """Give a saved search another name, another question, or both."""
    given = {
        name: text_of(name, value)
        for name, value in members(request.get_data(), "name", "address").items()
    }
    if "name" in given:
        given["name"] = name_of(given["name"])
    if "address" in given:
        given["address"] = saved_address(asked_in(given["address"]))
    if given:
        _rows().change(search_id, **given)
    return one(search_id)


@route(saved, SAVED, "DELETE", status=204)
def forget(search_id: int) -> Response:
    """Forget a saved search."""
    _rows().remove(search_id)
    return Response(status=204)


@route(
    saved,
    f"{SAVED}/search",
    answers=schemas.Answer,
    fields=kept_schemas.SavedAnswerFields,
    etag=False,
)
def search(search_id: int) -> dict[str, Any]:
    """Answer a saved search as it is now."""
    refuse_unknown(request.args, ("k", "cursor"))
    k = count(request.args.get("k") or DEFAULT_K)
    asked = asked_in(_rows().one(search_id).address)
    return answered(state().queries.query_of(asked, k, 0), request.args.get("cursor", ""))


def _rows() -> SavedSearches:
    return engine().catalog.saved
