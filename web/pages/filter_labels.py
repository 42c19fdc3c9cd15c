"""The words of filters on the page, in the reader's language."""

from pathlib import PurePath

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from search.errors import BadQuery
from search.picture_facts import FACTS
from search.query.filters.fields import COLUMN
from search.query.filters.grammar import conditions, format_filter, parse, value_of
from search.query.filters.tree import AllOf, AnyOf, Condition, Filter
from search.text.printable import printable

TITLES = {
    **{fact.field: _(fact.label) for fact in FACTS if fact.label},
    "orientation": _("Orientation"),
    "megapixels": _("Megapixels"),
    "size": _("File size"),
    "folder": _("Folder"),
    "box": _("Place"),
    "colour": _("Colour"),
    "language": _("Captions"),
    "text": _("Text in it"),
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

SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "~": "∋", "=": "=", "!=": "≠"}


def title_of(facet: str) -> str:
    """Return the name of a facet or a field; that of an extra column is its own."""
    return str(TITLES.get(facet, printable(facet.removeprefix(COLUMN))))


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


def label(text: str) -> str:
    """Return a filter in words, with the name of its field."""
    if number := chosen_on_map(text):
        words = ngettext(
            "%(count)s chosen on the map",
            "%(count)s chosen on the map",
            number,
            count=f"{number:,}",
        )
        return str(words)
    try:
        where = parse(text)
    except BadQuery:
        return text
    parts = where.filters if isinstance(where, AnyOf) else (where,)
    fields = {condition.field for condition in conditions(where)}
    if len(fields) != 1 or not all(_is_simple(part) for part in parts):
        return text
    title, values = title_of(fields.pop()), ", ".join(map(value_label, parts))
    return f"{title} {values}" if values[0] in SIGNS.values() else f"{title}: {values}"


def value_label(where: Filter) -> str:
    """Return the value of a simple filter in words, without its field; another filter as it is."""
    if not _is_simple(where):
        return format_filter(where)
    parts = list(conditions(where))
    first = parts[0]
    if [part.operator for part in parts] == ["="]:
        if first.field == "box":
            return str(gettext("on the map"))
        if first.field == "folder":
            return printable(PurePath(first.value).name or first.value)
        return word_for(first.value)
    if [part.operator[0] for part in parts] == [">", "<"]:
        return f"{first.value} – {parts[1].value}"
    return ", ".join(f"{SIGNS[part.operator]} {part.value}" for part in parts)


def word_for(value: str) -> str:
    """Return a value in the reader's language where it is a word of Limn's own."""
    return str(WORDS.get(value, printable(value)))


def _is_simple(where: Filter) -> bool:
    """Return whether a filter is a condition, or several on one field."""
    if isinstance(where, AllOf):
        return all(isinstance(part, Condition) for part in where.filters)
    return isinstance(where, Condition)
