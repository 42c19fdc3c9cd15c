"""The choices of facets: which facets the pictures of an answer have, and the values of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath

from search.facets.choices import TEXT
from search.facets.records import Column, Facets, Folder, Value, ValueRange
from search.picture_facts import COUNTED
from search.query.filters.colours import NAMED
from search.query.filters.fields import COLUMN
from search.query.filters.grammar import format_filter
from search.query.filters.tree import AllOf, Condition, Filter
from search.text.printable import printable
from web.pages.filter_form import alternatives
from web.pages.filter_labels import value_label, word_for

# A column of more different values is searched in, not chosen from.
MAX_CHOICES = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet: its filter, its words, and how many pictures it leaves."""

    filter: str
    label: str
    pictures: int
    is_chosen: bool = False
    shade: str = ""
    inside: "tuple[Choice, ...]" = ()

    @property
    def open(self) -> bool:
        """Return whether a chosen value lies inside this one."""
        return any(choice.is_chosen or choice.open for choice in self.inside)


def facet_names(facets: Facets) -> list[str]:
    """Return the facets that divide the pictures, those that most people choose in first."""
    divides = {
        "date": facets.dates is not None and len(facets.dates.values) > 1,
        "box": facets.places is not None,
        "colour": _divide(facets, facets.colours),
        **{fact.field: _divide(facets, facets.values[fact.facet]) for fact in COUNTED},
        "folder": any(folder.folders for folder in facets.folders)
        or _divide(facets, facets.folders),
        "orientation": _divide(facets, facets.orientations),
        TEXT: 0 < facets.with_text < facets.pictures,
        "language": _divide(facets, facets.languages),
        "megapixels": _divide(facets, facets.megapixels),
        "size": _divide(facets, facets.sizes_bytes),
        **{COLUMN + column.name: _divide(facets, column.values) for column in facets.columns},
    }
    names = [name for name, does in divides.items() if does]
    return sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


ORDER = ("date", "box", "colour", "camera", "folder", "orientation", TEXT)


def _divide(facets: Facets, values: Sequence[Value | ValueRange | Folder]) -> bool:
    """Return whether some values leave fewer pictures than there are."""
    return len(values) > 1 or any(value.pictures < facets.pictures for value in values)


def choices_of(name: str, facets: Facets, filters: tuple[str, ...]) -> tuple[Choice, ...]:
    """Return the choices of a facet, with those that are chosen: one is taken back even of none."""
    parts = {format_filter(part): part for part in alternatives(filters)}
    choices = _mark(_choices(name, facets), parts)
    filters_shown = {choice.filter for choice in _flat(choices)}
    without_pictures = (
        Choice(text, value_label(part), 0, is_chosen=True)
        for text, part in parts.items()
        if text not in filters_shown and _is_value(part)
    )
    return (*choices, *without_pictures)


def column_of(name: str, facets: Facets) -> Column | None:
    """Return the extra column of a facet."""
    return next((each for each in facets.columns if COLUMN + each.name == name), None)


def _is_value(where: Filter) -> bool:
    """Return whether a filter chooses one value, and no range that a form has fields for."""
    return isinstance(where, Condition) and where.operator == "=" and where.field != "box"


def _mark(choices: Iterable[Choice], parts: Iterable[str]) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            choice.filter,
            choice.label,
            choice.pictures,
            choice.filter in parts,
            choice.shade,
            _mark(choice.inside, parts),
        )
        for choice in choices
    )


def _flat(choices: Iterable[Choice]) -> Iterable[Choice]:
    for choice in choices:
        yield choice
        yield from _flat(choice.inside)


def _choices(name: str, facets: Facets) -> Iterable[Choice]:
    by_fact = {fact.field: facets.values[fact.facet] for fact in COUNTED}
    match name:
        case "colour":
            return _values(name, facets.colours)
        case "folder":
            return tuple(map(_folder, facets.folders))
        case "orientation":
            return _values(name, facets.orientations)
        case "language":
            return _values(name, [value for value in facets.languages if value.value])
        case "megapixels":
            return _spans(name, facets.megapixels, "")
        case "size":
            return _spans(name, facets.sizes_bytes, "MB")
        case "text":
            text = format_filter(Condition("has", "=", TEXT))
            return [Choice(text, word_for(TEXT), facets.with_text)] if facets.with_text else []
        case _ if name in by_fact:
            return _values(name, by_fact[name])
    column = column_of(name, facets)
    if column is None or column.different > MAX_CHOICES:
        return ()
    return _values(name, column.values)


def _values(name: str, values: Iterable[Value]) -> Iterable[Choice]:
    for value in values:
        text = format_filter(Condition(name, "=", value.value))
        shade = NAMED[value.value][0] if name == "colour" else ""
        if value.pictures and '"' not in value.value:  # which no filter can quote
            yield Choice(text, word_for(value.value), value.pictures, shade=shade)


def _spans(name: str, spans: Iterable[ValueRange], unit: str) -> Iterable[Choice]:
    scale = 1e6 if unit else 1.0
    for span in spans:
        least = f"{span.least / scale:g}"
        most = None if span.most is None else f"{span.most / scale:g}"
        limits = [Condition(name, ">=", f"{least}{unit}")] if span.least else []
        limits += [] if most is None else [Condition(name, "<", f"{most}{unit}")]
        text = format_filter(limits[0] if len(limits) == 1 else AllOf(tuple(limits)))
        ends = f"{least} – {most}" if span.least else f"< {most}"
        range_label = f"≥ {least}" if most is None else ends
        yield Choice(text, f"{range_label} {unit}".strip(), span.pictures)


def _folder(folder: Folder, above: str = "") -> Choice:
    name = (
        str(PurePosixPath(folder.path).relative_to(above)) if above else PurePath(folder.path).name
    )
    return Choice(
        format_filter(Condition("folder", "=", folder.path)),
        printable(name or folder.path),
        folder.pictures,
        inside=tuple(_folder(child, folder.path) for child in folder.folders),
    )
