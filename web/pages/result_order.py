"""The order of an answer on the page: its choices, headings, and the links to other pages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import format_date, gettext

from search.picture_facts import FACTS
from search.query.records import Answer
from search.query.sorting import STRICTNESS
from search.text.printable import printable
from web.pages.shown_page import ShownPage, starts_of
from web.requests.search_url import MANY_UNSURE, SearchUrl
from web.state import engine

# A menu with more columns than this is no longer one to read.
MAX_COLUMNS = 12

DATE = re.compile(r"\d{4}(-\d\d){0,2}")


@dataclass(frozen=True, slots=True)
class StrictnessChoice:
    """A choice of how sure hits must be, with the number that it would leave, if known."""

    name: str
    label: str
    url: SearchUrl
    count: int | None
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ResultOrder:
    """The choices of order (value and label) and strictness, and the size.

    `size` is the number of hits of a set; None for an answer whose end is not known.
    """

    sorts: Sequence[tuple[str, str]]
    strictness: Sequence[StrictnessChoice]
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Rest:
    """The rule above the hits that are not sure enough: its title, and a link that shows more.

    `url` and `label` are None where no more are there.
    """

    title: str
    url: SearchUrl | None = None
    label: str | None = None


def result_order(url: SearchUrl, page: ShownPage) -> ResultOrder:
    """Return the choices of order and strictness for a page of an answer."""
    collections = engine().catalog.collections.with_last_changes(page.query.collections)
    ids = [collection.id for collection, _ in collections]
    sorts = _sorts(url, engine().catalog.filters.columns(ids)[:MAX_COLUMNS])
    if url.sort not in dict(sorts):
        sorts.append((url.sort, printable(url.sort)))
    return ResultOrder(sorts, _choices(url, page.answer) if url.ranks else (), page.size)


def _sorts(url: SearchUrl, columns: Sequence[str]) -> list[tuple[str, str]]:
    newest = gettext("Newest first")
    sorts = [
        ("", gettext("Best first") if url.ranks else newest),
        ("-date", newest if url.ranks else gettext("By date taken, newest first")),
        ("date", gettext("Oldest first")),
        ("name", gettext("By name")),
        ("-size", gettext("Largest files first")),
        ("folder", gettext("By folder")),
    ]
    own = {fact.field or fact.name for fact in FACTS} | {"name", "size", "folder"}
    for column in columns:
        field = f"field.{column}" if column.casefold() in own else column
        sorts.append((field, gettext("By %(field)s", field=printable(column))))
        highest = gettext("By %(field)s, highest first", field=printable(column))
        sorts.append((f"-{field}", highest))
    return sorts


def _choices(url: SearchUrl, answer: Answer) -> list[StrictnessChoice]:
    labels = {"strict": gettext("Strict"), "usual": gettext("Usual"), "wide": gettext("Wide")}
    choice = url.strictness or "usual"
    choices = [
        StrictnessChoice(
            name,
            labels[name],
            url.but(strictness=name),
            None if answer.counts is None else getattr(answer.counts, name),
            name == choice,
        )
        for name in STRICTNESS
    ]
    return choices


def rest_of(url: SearchUrl, sure: int, unsure: int, has_confidence: bool) -> Rest:
    """Return the rule above `unsure` hits that follow `sure` ones; pictures have no confidence."""
    title = gettext("Less sure from here") if sure else gettext("Nearest, none of them sure")
    if not has_confidence:
        title = gettext("Less like this from here")
    if unsure < url.unsure or url.unsure >= MANY_UNSURE:
        return Rest(title)
    return Rest(title, url.but(unsure=MANY_UNSURE), gettext("Show more"))


def heading(group: str, sort: str) -> str:
    """Return a heading of sorted hits in the language of the page: "2021-06" is June 2021."""
    if not group:
        is_date = sort.removeprefix("-") == "date"
        return str(gettext("Without a date") if is_date else gettext("Without a value"))
    if not DATE.fullmatch(group):
        return printable(group)
    year, month, day = (int(part) for part in f"{group}-01-01".split("-")[:3])
    pattern = {4: gettext("y"), 7: gettext("MMMM y"), 10: gettext("EEEE, d MMMM y")}[len(group)]
    try:
        return str(format_date(date(year, month, day), pattern))
    except ValueError:  # a date that no calendar has
        return group


def headings(groups: Sequence[str | None], sort: str) -> list[tuple[int, str]]:
    """Return the rank of the first hit of each heading, with the heading."""
    return [(rank, heading(group, sort)) for rank, group in starts_of(groups)]
