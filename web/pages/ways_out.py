"""Ways out of an answer without a hit: wider questions, each with the number of its pictures."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import gettext

from search.query.records import Answer
from web.pages.filter_form import label
from web.requests.search_url import SearchUrl
from web.state import engine, state


@dataclass(frozen=True, slots=True)
class WayOut:
    """Another question: what it changes, its address, and how many pictures answer it."""

    label: str
    url: SearchUrl
    count: int


def ways_out(url: SearchUrl, answer: Answer) -> list[WayOut]:
    """Return the questions next to one without a hit that pictures answer."""
    ways = []
    if answer.counts is not None and answer.counts.wide and url.strictness != "wide":
        wide = url.but(strictness="wide")
        ways.append(WayOut(gettext("A wider choice"), wide, answer.counts.wide))
    for text, other in _wider(url):
        if count := _count(other):
            ways.append(WayOut(text, other, count))
    return ways


def _wider(url: SearchUrl) -> Iterator[tuple[str, SearchUrl]]:
    for where in url.where:
        filter_text = label(where)
        text = gettext("Without the filter %(filter)s", filter=filter_text)
        yield text, url.without_filter(where)
    if url.collection:
        yield gettext("In all collections"), url.but(collection="")


def _count(url: SearchUrl) -> int:
    """Return how many pictures of a question are sure enough."""
    counts = engine().answer(state().queries.query_of(url, 1, 0)).counts
    name = url.strictness or "usual"
    return getattr(counts, name, 0)
