"""Parts of the page of an answer: what opens below a pill, and what its form would leave."""

from contextlib import suppress

from flask import Blueprint, render_template, request

from search.errors import BadQuery
from search.facets.records import Facets
from search.query.filters.grammar import parse
from web.pages.facet_line import sheet_of
from web.pages.filter_form import parse_facet_form
from web.requests.search_url import SearchUrl
from web.route import route
from web.state import state

facet_pages = Blueprint("facet_pages", __name__)


@route(facet_pages, "/facet")
def sheet() -> str:
    """Return what opens below a pill; nothing for a facet that the answer has not."""
    url = SearchUrl.of(request.args)
    sheet = sheet_of(url, _facets(url))
    return render_template("facet_sheet.html", url=url, sheet=sheet) if sheet else ""


@route(facet_pages, "/narrow/count")
def count() -> str:
    """Return the button of a facet's form, which says how many pictures the form would leave.

    It says no number while what is typed can't be read.
    """
    pictures = None
    with suppress(BadQuery):
        pictures = _facets(parse_facet_form(request.args)).pictures
    return render_template("show_button.html", pictures=pictures)


def _facets(url: SearchUrl) -> Facets:
    """Return the facets of the answer to a query."""
    query = state().queries.query_of(url, 1, 0)
    return state().answer_facets.facets(query, list(map(parse, url.where)))
