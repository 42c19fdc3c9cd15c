"""The line of facets over an answer: a pill for each, and the open one with its choices."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext

from search.facets.records import Column, Facets
from search.query.filters.grammar import conditions, parse
from web.pages.date_histogram import Histogram, histogram_of
from web.pages.facet_choices import ORDER, Choice, choices_of, column_of, facet_names
from web.pages.facet_map import Map, map_of
from web.pages.filter_form import alternatives, facet_of_text, filters_in, without_choice
from web.pages.filter_labels import label, title_of, value_label
from web.requests.search_url import SearchUrl

MORE = "more"
"""The name of the pill for all other facets, and for filters that are written out."""


@dataclass(frozen=True, slots=True)
class Pill:
    """A facet in the line: its title, what is chosen of it, and the query without that."""

    name: str
    title: str
    choice: str
    without: SearchUrl
    is_open: bool
    shades: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return what is chosen, with the facet's title where that alone would say too little."""
        return self.choice or self.title


@dataclass(frozen=True, slots=True)
class Sheet:
    """What opens below a pill: the choices of a facet, or the menu of the other facets."""

    name: str
    title: str
    pictures: int
    without: SearchUrl | None
    choices: tuple[Choice, ...] = ()
    histogram: Histogram | None = None
    map: Map | None = None
    column: Column | None = None
    least: str = ""
    most: str = ""
    part: str = ""
    others: tuple[Pill, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetLine:
    """The pills of an answer, the filters that belong to no facet, and what is open."""

    pills: tuple[Pill, ...]
    other_filters: tuple[str, ...]
    sheet: Sheet | None


def facet_line(url: SearchUrl, facets: Facets) -> FacetLine:
    """Return the line of facets for the answer to a query."""
    pills = _pills(url, facets)
    in_line = [pill for pill in pills if pill.name in ORDER or pill.choice or pill.is_open]
    other_filters = tuple(text for text in url.where if not facet_of_text(text))
    return FacetLine(tuple(in_line), other_filters, sheet_of(url, facets) if url.panel else None)


def sheet_of(url: SearchUrl, facets: Facets) -> Sheet | None:
    """Return what is open in the line; None where the query opens nothing that is there."""
    name, pills = url.panel, _pills(url, facets)
    if name == MORE:
        others = tuple(pill for pill in pills if pill.name not in ORDER and not pill.choice)
        return Sheet(MORE, gettext("More filters"), facets.pictures, None, others=others)
    pill = next((pill for pill in pills if pill.name == name), None)
    if pill is None:
        return None
    texts = filters_in(url, name)
    histogram = histogram_of(facets, texts) if name == "date" else None
    map_ = map_of(url, facets, texts) if name == "box" else None
    part_of_all = histogram or map_
    return Sheet(
        name,
        pill.title,
        part_of_all.pictures if part_of_all and not texts else facets.pictures,
        pill.without if texts else None,
        choices_of(name, facets, texts),
        histogram,
        map_,
        column_of(name, facets),
        *_limits(texts),
    )


def _pills(url: SearchUrl, facets: Facets) -> list[Pill]:
    names = facet_names(facets)
    names += [name for name in dict.fromkeys(map(facet_of_text, url.where)) if name not in names]
    return [_pill(url, name, facets) for name in names if name]


def _pill(url: SearchUrl, name: str, facets: Facets) -> Pill:
    texts = filters_in(url, name)
    parts = alternatives(texts)
    words = ""
    shades: tuple[str, ...] = ()
    if parts:
        words = value_label(parts[0])
        words = words if len(parts) == 1 else f"{words} +{len(parts) - 1}"
    elif texts:
        words = f"{label(texts[0])} +{len(texts) - 1}"
    if name == "colour":
        shades = tuple(
            each.shade for each in choices_of(name, facets, texts) if each.is_chosen and each.shade
        )
    return Pill(
        name,
        title_of(name),
        words,
        without_choice(url, name),
        url.panel == name,
        shades,
    )


def _limits(texts: Sequence[str]) -> tuple[str, str, str]:
    """Return the chosen range, and the chosen part of a text."""
    values = {"<=": "", ">=": "", "~": ""}
    for text in texts:
        for condition in conditions(parse(text)):
            if condition.operator in values:
                values[condition.operator] = condition.value
    return values[">="], values["<="], values["~"]
