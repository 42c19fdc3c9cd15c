"""Dates in a question: single ones, ranges, and open sides, in English and in Chinese.

A parser of our own: dateparser 1.2 takes seconds to be imported, reads moments and not spans, and
guesses: "may" is the 15th of May for it, "sun on the sea" a Sunday, 去年夏天 the whole last year.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from search.query.understanding import chinese_dates, english_dates
from search.query.understanding.records import IsTaken
from search.query.understanding.spans import FIRST_YEAR, Span

# A year alone is more often a number before digital cameras came.
FIRST_BARE_YEAR = 1990

WORD_START = re.compile(r"(?<![A-Za-z0-9_'’$€£#:/.\\+-])(?<![0-9],)(?=[A-Za-z0-9])")
WORD_GOES_ON = re.compile(r"[A-Za-z0-9_%°/:]|['’]\w|-\w|[.,][0-9]")
BEFORE = re.compile(
    r"(?:(?P<open>since|after|before|until|till)|(?P<between>between|from)|in|during|of|on)\s+",
    re.IGNORECASE,
)
THE = re.compile(r"the\s+", re.IGNORECASE)
TO = re.compile(r"\s*(?:[-–—]\s*|(?:to|until|till|through|(?P<pair>and))\s+)", re.IGNORECASE)

CHINESE_START = re.compile("[0-9今去前一二三四五六七八九十两上这本昨最过近]")
CHINESE_BEFORE = re.compile("(?P<since>自从|自)|从|在|于")
CHINESE_TO = re.compile(r"\s*[到至~-]\s*")
CHINESE_SIDE = re.compile(
    "(?P<before>以前|之前)|(?P<after>以后|之后)|(?P<since>以来)|(?:之间|期间)"
)
CHINESE_AFTER = re.compile("拍摄的|拍的|的")

# A number behind these names a thing, and one before these counts things.
NAMED_BY_NUMBER = re.compile(
    r"\b(?:bmw|windows|peugeot|rooms?|route|highway|area|flight|iso|office|chapter|page|bus|line"
    r"|number|no|model|type|mark|version|vol|volume|agenda|world|studio|station)\.?\s*$",
    re.IGNORECASE,
)
COUNTED = re.compile(
    r"\s*(?:people|persons|dollars|euros|yuan|pounds|metres|meters|m|km|miles|feet|kg|pieces|piece"
    r"|pixels|px|words|steps|units|years|bc|ad|ce|odyssey|vision|rpm|hp)\b",
    re.IGNORECASE,
)
EDGE = re.compile(r"\s*(?:$|[,，;；、]|-\w|(?:without|but|no|not|and\s+no)\b)", re.IGNORECASE)
START_EDGE = re.compile(r"(?:^|[,，;；、])\s*$")
DAYS_ALONE = ("today", "yesterday")
OF_TODAY = ("usa", " of")


def dates_in(text: str, today: date, is_taken: IsTaken) -> Iterator[tuple[int, int, Span]]:
    """Yield the dates of a text, each with its start and end; none begins after today."""
    at = 0
    while at < len(text):
        result = (
            None
            if is_taken(at, at + 1)
            else (_chinese(text, at, today) or _english(text, at, today))
        )
        if (
            result is not None
            and not is_taken(at, result[0])
            and _has_photographs(result[1], today)
        ):
            yield at, result[0], result[1]
            at = result[0]
        else:
            at += 1


def bare_year(text: str, start: int, end: int) -> Span | None:
    """Return the year of a piece that is a number alone and no date for `dates_in`."""
    number = text[start:end]
    in_range = re.fullmatch("(?:18|19|20)[0-9]{2}", number) and int(number) >= FIRST_YEAR
    result = english_dates.point_at(text, start, date.max) if in_range else None
    return result[1] if result else None


def _has_photographs(span: Span, today: date) -> bool:
    days = [day for day in (span.start, span.end) if day is not None]
    return bool(days) and days[0] <= today and min(days).year >= FIRST_YEAR


def _english(text: str, start: int, today: date) -> tuple[int, Span] | None:
    if not WORD_START.match(text, start):
        return None
    before = BEFORE.match(text, start)
    at = before.end() if before else start
    point = english_dates.point_at(text, at, today)
    if point is None and (article := THE.match(text, at)):
        point = english_dates.point_at(text, article.end(), today)
        if point and not before and text[article.end() : point[0]].isdecimal():
            return None  # "the 2019 report"
    if point is None or (before and text[at : point[0]].lower() in DAYS_ALONE):
        return None
    end, span = point
    to = TO.match(text, end)
    second = english_dates.point_at(text, to.end(), today) if to else None
    between = (before["between"] or "").lower() if before else ""
    if to and second and _is_range(span, second[1], bool(to["pair"]), between):
        end, span = second[0], Span(span.start, second[1].end)
    elif between == "between" or not (before or _may_be_bare(text, start, end, today)):
        return None
    if before and before["open"]:
        span = _open(span, before["open"].lower())
    return None if WORD_GOES_ON.match(text, end) else (end, span)


def _is_range(first: Span, last: Span, with_and: bool, between: str) -> bool:
    """Return whether two dates are the ends of a range: "and" needs "between"."""
    if first.start is None or last.start is None or first.start > last.start:
        return False
    return between == "between" if with_and else between != "between"


def _may_be_bare(text: str, start: int, end: int, today: date) -> bool:
    """Return whether a date without a word before it is one: a year, today or yesterday may not."""
    words = text[start:end]
    begins, ends = START_EDGE.search(text[:start]), EDGE.match(text, end)
    if words.lower() in DAYS_ALONE:
        return bool(ends) and not text[:start].lower().rstrip().endswith(OF_TODAY)
    if not words.isdecimal():
        return True
    if not FIRST_BARE_YEAR <= int(words) <= today.year or not (begins or ends):
        return False
    return not (NAMED_BY_NUMBER.search(text[:start]) or COUNTED.match(text, end))


def _open(span: Span, side: str) -> Span:
    """Return the days since, after, before or until a date."""
    if side == "since":
        return replace(span, end=None)
    if side == "after":
        return Span(span.end, None)
    return Span(None, span.start if side == "before" else span.end)


def _chinese(text: str, start: int, today: date) -> tuple[int, Span] | None:
    before = CHINESE_BEFORE.match(text, start)
    at = before.end() if before else start
    if not CHINESE_START.match(text, at):
        return None
    point = chinese_dates.point_at(text, at, today)
    if point is None:
        return None
    end, span = point
    to = CHINESE_TO.match(text, end)
    second = chinese_dates.point_at(text, to.end(), today) if to else None
    if second and span.start and second[1].start and span.start <= second[1].start:
        end, span = second[0], Span(span.start, second[1].end)
    side = CHINESE_SIDE.match(text, end)
    if side:
        end = side.end()
        if side["before"]:
            span = _open(span, "before")
        elif side["after"]:
            span = _open(span, "after")
    if (side and side["since"]) or (before and before["since"]):
        span = _open(span, "since")
    after = CHINESE_AFTER.match(text, end)
    return (after.end() if after else end), span
