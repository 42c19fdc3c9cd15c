"""A page of results: the answer, the pages around it, and what is known of the whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from search.query.limits import MAX_HITS
from search.query.records import Answer, Query
from web.requests.pagination import Cursor, cursor_text, parse_cursor
from web.requests.search_url import PAGE_HITS, SearchUrl
from web.services.set_pages import SetPage, is_set, set_page
from web.state import engine, state

YEAR_LENGTH = len("2021")


@dataclass(frozen=True, slots=True)
class PageLinks:
    """The address fields of the pages before and after one, None where there is none."""

    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class FoldedCounts:
    """The numbers of copies and of moments of films that are folded in an answer."""

    copies: int = 0
    moments: int = 0


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page of an answer: its query, the pages around it, and what is known of the whole.

    `size` is the number of hits of a set. `years` are those of a set by date, with their ranks.
    """

    query: Query
    answer: Answer
    links: PageLinks
    size: int | None = None
    folded_counts: FoldedCounts = FoldedCounts()
    years: Sequence[tuple[int, str]] = ()


def page_of_results(url: SearchUrl) -> ShownPage:
    """Return the page of results that an address asks for."""
    last = min(url.start + PAGE_HITS - 1, MAX_HITS)
    query = state().queries.query_of(url, last + 1 - url.start, url.start - 1)
    if not is_set(query):
        answer = engine().answer(query)
        before = max(1, url.start - PAGE_HITS) if url.start > 1 else None
        is_full = bool(answer.hits) and answer.hits[-1].rank == last < MAX_HITS
        links = PageLinks(
            None if before is None else url.address(start=before),
            url.address(start=last + 1) if is_full else None,
        )
        is_whole = links.before is None and links.after is None
        copies = {hit.picture.id: hit.copies for hit in answer.hits if hit.copies}
        return ShownPage(
            query, answer, links, folded_counts=_counts(copies) if is_whole else FoldedCounts()
        )
    text = request.args.get("cursor", "")
    cursor = parse_cursor(text, query) if text else Cursor(query.offset)
    page = set_page(engine(), state().result_cache, query, cursor)
    links = _links(url, query, page)
    years_of_set = years(page.groups, url.sort) if links.before or links.after else ()
    return ShownPage(query, page.answer, links, page.size, _counts(page.folded_ids), years_of_set)


def _counts(copies: Mapping[int, Sequence[int]]) -> FoldedCounts:
    """Return the numbers of what is folded, by the hits that it is folded into."""
    if not copies:
        return FoldedCounts()
    films = engine().catalog.pictures.films(list(copies))
    moments = sum(len(copies[picture_id]) for picture_id in films)
    return FoldedCounts(sum(map(len, copies.values())) - moments, moments)


def _links(url: SearchUrl, query: Query, page: SetPage) -> PageLinks:
    def fields(cursor: Cursor | None) -> dict[str, Any] | None:
        if cursor is None:
            return None
        text = cursor_text(cursor, query)
        return {**url.address(start=cursor.offset + 1), "cursor": text}

    return PageLinks(fields(page.previous), fields(page.next))


def years(groups: Sequence[str | None], sort: str) -> list[tuple[int, str]]:
    """Return the rank of the first hit of each year, with the year, in an answer by date."""
    if sort.removeprefix("-") != "date":
        return []
    return starts_of([group and group[:YEAR_LENGTH] for group in groups])


def starts_of(groups: Sequence[str | None]) -> list[tuple[int, str]]:
    """Return the rank of the first hit of each group, with the group."""
    starts = []
    last: str | None = None
    for rank, group in enumerate(groups, start=1):
        if group is not None and group != last:
            starts.append((rank, group))
        last = group
    return starts
