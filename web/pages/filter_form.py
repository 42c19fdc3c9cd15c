"""Filters of the page: reading a form of the panel, and formatting a filter as a chip."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from search.errors import BadQuery
from search.facets.cache import ALONE
from search.picture_facts import FACTS
from search.query.filters.fields import COLUMN, all_fields
from search.query.filters.grammar import conditions, format_filter, parse
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
}

WORDS = {
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


def narrowed(fields: Fields) -> SearchUrl:
    """Return the query of a panel form, with the form's filter.

    Raises:
        BadQuery: the form's filter can't be read.
    """
    asked = SearchUrl.of(fields).but()
    field = words(fields.get("field", ""))
    least, most, held = (words(fields.get(name, "")) for name in ("least", "most", "held"))
    wanted = []
    edges = [words(fields.get(each, "")) for each in ("south", "west", "north", "east")]
    if any(edges):
        wanted.append(Condition(field, "=", ",".join(edges)))
    wanted += [Condition(field, ">=", least)] if least else []
    wanted += [Condition(field, "<=", most)] if most else []
    wanted += [Condition(field, "~", held)] if held else []
    if not wanted:
        return asked.but(where=tuple(each for each in asked.where if field_of(each) != field))
    text = format_filter(wanted[0] if len(wanted) == 1 else AllOf(tuple(wanted)))
    parse(text)
    return with_filter(asked, field, text)


def label(text: str) -> str:
    """Return the text of a filter's chip."""
    try:
        parts = list(conditions(parse(text)))
    except BadQuery:
        return text
    named = {part.field for part in parts}
    if len(named) != 1 or not isinstance(parse(text), Condition | AllOf):
        return text
    title = str(TITLES.get(parts[0].field, parts[0].field.removeprefix(COLUMN)))
    if [part.operator for part in parts] == ["="]:
        value = gettext("on the map") if "box" in named else worded(parts[0].value)
        return f"{title}: {value}"
    signs = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "~": "∋", "=": "=", "!=": "≠"}
    if [part.operator[0] for part in parts] == [">", "<"]:
        return f"{title}: {parts[0].value} – {parts[1].value}"
    return f"{title} " + ", ".join(f"{signs[part.operator]} {part.value}" for part in parts)


def field_of(text: str) -> str:
    """Return the field of a filter; empty for a filter on several fields."""
    try:
        named = {condition.field for condition in conditions(parse(text))}
    except BadQuery:
        return ""
    return named.pop() if len(named) == 1 else ""


def with_filter(asked: SearchUrl, field: str, text: str) -> SearchUrl:
    """Return the question with a filter more, or in the place of one that excludes it."""
    alone = field in ALONE or field not in all_fields()
    kept = tuple(each for each in asked.where if not (alone and field_of(each) == field))
    return asked.but(where=(*kept, text))


def worded(value: str) -> str:
    return str(WORDS.get(value, printable(value)))
