"""The reference of the API: its OpenAPI document, its page, and requests from that page."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, current_app, redirect, render_template, request
from markupsafe import Markup, escape
from werkzeug import Response

from search.errors import NotFound
from web.api.openapi import openapi
from web.api.openapi.page import common_refusals, groups_of, pretty
from web.links import API
from web.route import route
from web.state import engine

reference = Blueprint("reference", __name__, url_prefix=API)


@reference.app_template_filter("mark_code")
def mark_code(text: str) -> Markup:
    """Return a text of the document as HTML; its backquotes mark code."""
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


@route(reference, "/openapi.json", in_openapi=False)
def document() -> dict[str, Any]:
    """Return this API as OpenAPI 3.1."""
    return openapi(current_app, f"{API}/", _server())


@route(reference, "/docs", in_openapi=False)
def docs() -> str:
    """Show the document as a page, with examples of what this server has."""
    api = openapi(current_app, f"{API}/", _server(), _own_examples())
    return render_template(
        "reference.html",
        api=api,
        groups=groups_of(api),
        refusals=common_refusals(api),
        problem=pretty(api["components"]["schemas"]["Problem"]["examples"][0]),
    )


@route(reference, "/docs/try/<operation>", in_openapi=False)
def try_it(operation: str) -> Response:
    """Redirect a form of the page to the address that it asks for; empty fields are left out.

    Raises:
        NotFound: no operation of that name only reads.
    """
    groups = groups_of(openapi(current_app, f"{API}/", _server()))
    operations = (each for group in groups for each in group.operations if each.id == operation)
    form = next((each for each in operations if each.can_be_tried and each.method == "GET"), None)
    if form is None:
        raise NotFound("unknown-operation", "there is no operation {name!r} to try", name=operation)
    fields = {name: [each for each in several if each] for name, several in request.args.lists()}
    parts = re.findall(r"{(\w+)}", form.path)
    query = {name: several for name, several in fields.items() if name not in {*parts, "lang"}}
    path = re.sub(r"{(\w+)}", lambda part: _part(fields.get(part[1], [])), form.path)
    address = f"{request.script_root}{path}?{urlencode(query, doseq=True)}"
    return redirect(address.removesuffix("?"), 303)


def _part(texts: Sequence[str]) -> str:
    """Return the first text as a part of a path; a dash without one."""
    return quote(next(iter(texts), "-"), safe="")


def _server() -> str:
    """Return the address of this server as the client knows it, with a prefix of a proxy."""
    return request.root_url.rstrip("/")


def _own_examples() -> dict[str, Any]:
    """Return parts of addresses that exist here, so that requests from the page find something."""
    catalog = engine().catalog
    collections = engine().collections()
    pictures = catalog.filters.newest([each.id for each in collections], None, 1)
    rows: dict[str, Sequence[object]] = {
        "name": [each.name for each in collections],
        "picture_id": [int(each) for each in pictures],
        "board_id": [each.id for each in catalog.boards.page(1)],
        "job_id": [each.id for each in catalog.jobs.latest(1, None)],
        "search_id": [each.id for each in catalog.saved_searches.page(1)],
        "concept": [each.name for each in catalog.concepts.all()],
    }
    return {name: several[0] for name, several in rows.items() if several}
