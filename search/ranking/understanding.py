"""Queries whose texts are understood: read by the words of the collections that they search."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from search.catalog.catalog import Catalog
from search.query.filters.tree import Filter, all_of
from search.query.reading import Reading
from search.query.records import IndexedTerm, PictureTerm, Query, Term, TextTerm


def understand(
    query: Query, catalog: Catalog, collection_ids: Sequence[int], today: date
) -> tuple[Query, tuple[Reading, ...]]:
    """Return the query with its texts read, and the readings.

    Excluded texts are words already.
    """
    # Its patterns take tens of milliseconds to compile, which other commands do not wait for.
    from search.query.understanding.reader import read_question

    vocabulary = catalog.vocabularies.of(collection_ids)
    terms: list[Term] = []
    filters: list[Filter] = [] if query.where is None else [query.where]
    readings: list[Reading] = []
    for term in query.terms:
        if not isinstance(term, TextTerm) or term.weight <= 0:
            terms.append(term)
            continue
        question = read_question(term.text, today, vocabulary, query.plain)
        terms += [_with_weight(part, term.weight) for part in question.terms]
        filters += [] if question.where is None else [question.where]
        readings += question.readings
    where = all_of(filters)
    return replace(query, terms=tuple(terms), where=where, understand=False), tuple(readings)


def _with_weight(term: Term, weight: float) -> Term:
    if weight == 1 or isinstance(term, PictureTerm | IndexedTerm):
        return term
    return replace(term, weight=term.weight * weight)
