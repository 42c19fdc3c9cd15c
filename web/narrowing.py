"""The filters of the page as a question has them: adding one, what a form asks, how one reads."""

from flask_babel import gettext, lazy_gettext

from search.errors import BadQuery
from search.filters import COLUMN, FIELDS, conditions, parse, written
from search.records import AllOf, Condition
from search.wire import printable
from web.asked import Asked
from web.forms import Fields, words

# A picture has one of these: choosing another takes its place.
ALONE = ("date", "camera", "format", "orientation", "megapixels", "size", "folder", "box")

TITLES = {
    "date": lazy_gettext("Date"),
    "camera": lazy_gettext("Camera"),
    "format": lazy_gettext("Format"),
    "orientation": lazy_gettext("Orientation"),
    "megapixels": lazy_gettext("Megapixels"),
    "size": lazy_gettext("File size"),
    "folder": lazy_gettext("Folder"),
    "box": lazy_gettext("Place"),
    "colour": lazy_gettext("Colour"),
    "language": lazy_gettext("Captions"),
}

WORDS = {
    "landscape": lazy_gettext("landscape"),
    "portrait": lazy_gettext("portrait"),
    "square": lazy_gettext("square"),
    "red": lazy_gettext("red"),
    "orange": lazy_gettext("orange"),
    "yellow": lazy_gettext("yellow"),
    "green": lazy_gettext("green"),
    "turquoise": lazy_gettext("turquoise"),
    "blue": lazy_gettext("blue"),
    "purple": lazy_gettext("purple"),
    "pink": lazy_gettext("pink"),
    "brown": lazy_gettext("brown"),
    "beige": lazy_gettext("beige"),
    "white": lazy_gettext("white"),
    "grey": lazy_gettext("grey"),
    "black": lazy_gettext("black"),
    "en": lazy_gettext("English"),
    "zh": lazy_gettext("Chinese"),
}


def narrowed(fields: Fields) -> Asked:
    """The question of a form of the panel, with what the form asks for.

    Raises:
        BadQuery: what it asks for can't be read.
    """
    asked = Asked.of(fields).but()
    field = words(fields.get("field", ""))
    least, most, held = (words(fields.get(name, "")) for name in ("least", "most", "held"))
    wanted = []
    if field == "box":
        edges = [words(fields.get(each, "")) for each in ("south", "west", "north", "east")]
        wanted.append(Condition("box", "=", ",".join(edges)))
    wanted += [Condition(field, ">=", least)] if least else []
    wanted += [Condition(field, "<=", most)] if most else []
    wanted += [Condition(field, "~", held)] if held else []
    if not wanted:
        return asked.but(where=tuple(each for each in asked.where if field_of(each) != field))
    text = written(wanted[0] if len(wanted) == 1 else AllOf(tuple(wanted)))
    parse(text)
    return with_filter(asked, field, text)


def label(text: str) -> str:
    """A filter as a chip shows it."""
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
    """The field that a filter is about; empty where it is about several."""
    try:
        named = {condition.field for condition in conditions(parse(text))}
    except BadQuery:
        return ""
    return named.pop() if len(named) == 1 else ""


def with_filter(asked: Asked, field: str, text: str) -> Asked:
    """The question with one more filter, in the place of another where there can be but one."""
    alone = field in ALONE or field not in FIELDS
    kept = tuple(each for each in asked.where if not (alone and field_of(each) == field))
    return asked.but(where=(*kept, text))


def worded(value: str) -> str:
    return str(WORDS.get(value, printable(value)))
