"""Filters of the page: reading the form of a facet, and changing the filters of a question."""

from search.errors import BadQuery
from search.facets.choices import facet_of
from search.query.filters.grammar import format_filter, parse
from search.query.filters.tree import AllOf, AnyOf, Condition, Filter
from web.requests.query_form import Fields, words
from web.requests.search_url import SearchUrl


def parse_facet_form(fields: Fields) -> SearchUrl:
    """Return the query of a facet's form, with what the form chooses in place of what was chosen.

    Several choices of one facet are alternatives. A filter that is written out is added.

    Raises:
        BadQuery: the form's filter can't be read.
    """
    url = SearchUrl.of(fields).but(panel="")
    filter_text = words(fields.get("written", ""))
    if filter_text:
        parse(filter_text)
        return url.but(where=(*url.where, filter_text))
    field = words(fields.get("field", ""))
    choices = [parse(words(text)) for text in fields.getlist("value") if text.strip()]
    limits = _limits(fields, field)
    if limits:
        choices.append(limits[0] if len(limits) == 1 else AllOf(tuple(limits)))
    if not choices:
        return without_choice(url, field)
    text = format_filter(choices[0] if len(choices) == 1 else AnyOf(tuple(choices)))
    parse(text)
    return with_choice(url, field, text)


def _limits(fields: Fields, field: str) -> list[Condition]:
    """Return the conditions of the fields for a range, for a part of a text, and for a box."""
    edges = [words(fields.get(edge, "")) for edge in ("south", "west", "north", "east")]
    limits = [Condition(field, "=", ",".join(edges))] if any(edges) else []
    for name, operator in (("least", ">="), ("most", "<="), ("part", "~")):
        value = words(fields.get(name, ""))
        limits += [Condition(field, operator, value)] if value else []
    return limits


def facet_of_text(text: str) -> str:
    """Return the facet that a filter chooses in; empty for another filter, or an unreadable one."""
    try:
        return facet_of(parse(text))
    except BadQuery:
        return ""


def filters_in(url: SearchUrl, facet: str) -> tuple[str, ...]:
    """Return the filters of a question that choose in a facet."""
    return tuple(text for text in url.where if facet_of_text(text) == facet)


def alternatives(texts: tuple[str, ...]) -> tuple[Filter, ...]:
    """Return the choices of which a picture must have one; none where several filters must pass."""
    if len(texts) != 1:
        return ()
    where = parse(texts[0])
    return where.filters if isinstance(where, AnyOf) else (where,)


def without_choice(url: SearchUrl, facet: str) -> SearchUrl:
    """Return the question without what was chosen in a facet."""
    others = tuple(text for text in url.where if facet_of_text(text) != facet)
    return url.but(where=others).closed()


def with_choice(url: SearchUrl, facet: str, text: str) -> SearchUrl:
    """Return the question with a filter in place of what was chosen in its facet."""
    others = without_choice(url, facet).where
    return url.but(where=(*others, text), panel="")
