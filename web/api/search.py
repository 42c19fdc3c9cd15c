"""The JSON API, version 1: search, pictures and their files, export."""

from dataclasses import replace
from time import perf_counter

from flask import Blueprint, request

from search.documents.completion import CompleteFields, Completions
from search.documents.from_records import answer_document, hit_document
from search.documents.reading import read_texts
from search.documents.search import Answer
from search.documents.search_request import SearchDocument, SearchFields, SearchForm
from search.query.records import Query
from web.api.openapi import error_sources as sources
from web.links import API, addresses
from web.requests.pagination import Cursor, cursor_after, cursor_text, parse_cursor
from web.requests.query_form import FORM_TYPES, query_of_request, words
from web.route import JSON, route
from web.services.set_pages import is_set, set_page
from web.state import engine, state

api = Blueprint("api", __name__, url_prefix=API)


@route(
    api,
    "/search",
    "GET",
    "POST",
    answers=Answer,
    fields=SearchFields,
    takes={JSON: SearchDocument, FORM_TYPES[0]: SearchForm},
    scope="read",
    etag=False,
    raises=(*sources.SEARCH, *sources.PICTURES),
)
def search() -> Answer:
    """Find pictures by words, by pictures, or by both.

    With words, the hits show what the words say; with a picture, they look like it. Send the fields
    in the address, a form with the files of pictures, or a JSON document in which each term has
    its own weight. Without words and pictures, a collection or a filter lists its newest pictures.
    The scope `read` is enough for each of them.
    """
    return answer_query(*query_of_request(request))


def answer_query(query: Query, cursor: str) -> Answer:
    """Return the answer to a query, starting at the cursor."""
    place = parse_cursor(cursor, query) if cursor else Cursor(query.offset)
    query = replace(query, offset=place.offset)
    began_s = perf_counter()
    if is_set(query):
        page = set_page(engine(), state().result_cache, query, place)
        answer, query = page.answer, replace(query, offset=page.offset)
        next_cursor = None if page.next is None else cursor_text(page.next, query)
    else:
        answer = engine().answer(query)
        next_cursor = cursor_after(query, len(answer.hits)) if answer.more else None
    took_ms = round((perf_counter() - began_s) * 1000, 1)
    hits = (hit_document(hit, **addresses(hit.picture)) for hit in answer.hits)
    return answer_document(query, answer, hits, next_cursor, took_ms)


@route(
    api,
    "/complete",
    answers=Completions,
    fields=CompleteFields,
    rate_limit=False,
    raises=("web.services.completions", *sources.COLLECTIONS),
)
def complete() -> Completions:
    """Complete the words of a search.

    While somebody types, the answer offers what the words may become: cameras, folders, years,
    values of columns, concepts, and searches that were asked before. It also corrects misspelt
    words.
    """
    fields = read_texts(CompleteFields, dict(request.args.lists()))
    return state().completer.complete(words(fields.q), fields.collection, fields.k)
