"""Filters of the page: reading a form of the panel, and formatting a filter as a chip."""

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from search.errors import BadQuery
from search.facets.cache import ALONE
from search.picture_facts import FACTS
from search.query.filters.fields import COLUMN, field_names
from search.query.filters.grammar import conditions, format_filter, parse, value_of
from search.query.filters.tree import AllOf, Condition
from search.text.printable import printable
from web.requests.query_form import Fields, words
from web.requests.search_url import SearchUrl

TITLES = {
    **{fact.field: _(fact.label) for fact in FACTS if fact.label},
    "orientation": _("Orientation"),
    "megapixels": _("Megapixels"),
    "size": _("File size"),
    "folder": _("Folder"),
    "box": _("Place"),
    "colour": _("Colour"),
    "language": _("Captions"),
    "text": _("Text"),
}

WORDS = {
    "text": _("text in it"),
    "landscape": _("landscape"),
    "portrait": _("portrait"),
    "square": _("square"),
    "red": _("red"),
    "orange": _("orange"),
    "yellow": _("yellow"),
    "green": _("green"),
    "turquoise": _("turquoise"),
    "blue": _("blue"),
    "purple": _("purple"),
    "pink": _("pink"),
    "brown": _("brown"),
    "beige": _("beige"),
    "white": _("white"),
    "grey": _("grey"),
    "black": _("black"),
    "en": _("English"),
    "zh": _("Chinese"),
}


# The filter that a lasso on the map writes.
ID_IS = ("id", "=")


def parse_panel_form(fields: Fields) -> SearchUrl:
    """Return the query of a panel form, with the form's filter.

    Raises:
        BadQuery: the form's filter can't be read.
    """
    url = SearchUrl.of(fields).but()
    field = words(fields.get("field", ""))
    least, most, text_part = (words(fields.get(name, "")) for name in ("least", "most", "held"))
    comparisons = []
    edges = [words(fields.get(edge, "")) for edge in ("south", "west", "north", "east")]
    if any(edges):
        comparisons.append(Condition(field, "=", ",".join(edges)))
    comparisons += [Condition(field, ">=", least)] if least else []
    comparisons += [Condition(field, "<=", most)] if most else []
    comparisons += [Condition(field, "~", text_part)] if text_part else []
    if not comparisons:
        return url.but(where=tuple(other for other in url.where if field_of(other) != field))
    text = format_filter(comparisons[0] if len(comparisons) == 1 else AllOf(tuple(comparisons)))
    parse(text)
    return with_filter(url, field, text)


def label(text: str) -> str:
    """Return the text of a filter's chip."""
    try:
        parts = list(conditions(parse(text)))
    except BadQuery:
        return text
    fields = {part.field for part in parts}
    if len(fields) != 1 or not isinstance(parse(text), Condition | AllOf):
        return text
    if number := chosen_on_map(text):
        return str(
            ngettext(
                "%(count)s chosen on the map",
                "%(count)s chosen on the map",
                number,
                count=f"{number:,}",
            )
        )
    title = str(TITLES.get(parts[0].field, parts[0].field.removeprefix(COLUMN)))
    if [part.operator for part in parts] == ["="]:
        value = gettext("on the map") if "box" in fields else word_for(parts[0].value)
        return f"{title}: {value}"
    signs = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "~": "∋", "=": "=", "!=": "≠"}
    if [part.operator[0] for part in parts] == [">", "<"]:
        return f"{title}: {parts[0].value} – {parts[1].value}"
    return f"{title} " + ", ".join(f"{signs[part.operator]} {part.value}" for part in parts)


def chosen_on_map(text: str) -> int:
    """Return how many pictures a filter names one by one, as the map does; 0 for another filter."""
    try:
        condition = parse(text)
        if not isinstance(condition, Condition) or (condition.field, condition.operator) != ID_IS:
            return 0
        runs = value_of(condition)
    except BadQuery:
        return 0
    return sum(last - first + 1 for first, last in runs) if isinstance(runs, tuple) else 0


def field_of(text: str) -> str:
    """Return the field of a filter; empty for a filter on several fields."""
    try:
        fields = {condition.field for condition in conditions(parse(text))}
    except BadQuery:
        return ""
    return fields.pop() if len(fields) == 1 else ""


def with_filter(url: SearchUrl, field: str, text: str) -> SearchUrl:
    """Return the question with a filter more, or in the place of one that excludes it."""
    alone = field in ALONE or field not in field_names()
    others = tuple(other for other in url.where if not (alone and field_of(other) == field))
    return url.but(where=(*others, text))


def word_for(value: str) -> str:
    """Return a value in the reader's language where it is a word of Limn's own."""
    return str(WORDS.get(value, printable(value)))
