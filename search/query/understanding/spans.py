"""Spans of days: years, months, seasons, weeks, and the filter on `date` that each makes."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

# Photography begins with Niépce's view from a window, taken in 1826 or 1827.
FIRST_YEAR = 1826

# The first months of the northern seasons, as weather services count them.
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `start` to before `end`; None is an open side."""

    start: date | None
    end: date | None

    @property
    def filter_text(self) -> str:
        """Return the filter on `date`, written as short as it can be."""
        start, end = self.start, self.end
        if start is not None and end is not None:
            if (start.month, start.day) == (1, 1) and end == _plus_months(start, 12):
                return f"date = {start.year}"
            if start.day == 1 and end == _plus_months(start, 1):
                return f"date = {start:%Y-%m}"
            if end == start + timedelta(days=1):
                return f"date = {start}"
        parts = [f"date >= {_short(start)}"] if start is not None else []
        parts += [f"date < {_short(end)}"] if end is not None else []
        return " and ".join(parts)

    @property
    def words(self) -> str:
        """Return the span for people: 2019, 2021-06 – 2021-08, ≥ 2019, < 2019."""
        text = self.filter_text.replace("date = ", "")
        if self.start is None or self.end is None:
            return text.replace("date >= ", "≥ ").replace("date < ", "< ")
        if "date" not in text:
            return text
        if self.start.day == self.end.day == 1:
            last = _plus_months(self.end, -1)
            if self.start.month == self.end.month == 1:
                return f"{self.start.year} – {last.year}"
            return f"{self.start:%Y-%m} – {last:%Y-%m}"
        return f"{self.start} – {self.end - timedelta(days=1)}"


def _short(day: date) -> str:
    if day.day != 1:
        return day.isoformat()
    return f"{day:%Y-%m}" if day.month != 1 else str(day.year)


def _plus_months(day: date, months: int) -> date:
    """Return the first of the month so many months later."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def of_day(day: date) -> Span:
    """Return one day."""
    return Span(day, day + timedelta(days=1))


def of_month(year: int, month: int) -> Span:
    """Return a month, which may be past December or before January."""
    first = _plus_months(date(year, 1, 1), month - 1)
    return Span(first, _plus_months(first, 1))


def of_year(year: int, years: int = 1) -> Span:
    """Return a year, or several from that one on."""
    return Span(date(year, 1, 1), date(year + years, 1, 1))


def of_season(name: str, year: int) -> Span:
    """Return the three months of a season; a winter begins in the December of its year."""
    first = date(year, SEASONS[name], 1)
    return Span(first, _plus_months(first, 3))


def of_week(day: date) -> Span:
    """Return the week of a day, from Monday."""
    monday = day - timedelta(days=day.weekday())
    return Span(monday, monday + timedelta(days=7))


def last_days(today: date, days: int) -> Span:
    """Return so many days before today, and today."""
    return Span(today - timedelta(days=days), today + timedelta(days=1))


def units_ago(today: date, count: int, unit: str) -> Span:
    """Return the day, week, month or year so many of them before today's."""
    if unit == "day":
        return of_day(today - timedelta(days=count))
    if unit == "week":
        return of_week(today - timedelta(days=7 * count))
    if unit == "month":
        return of_month(today.year, today.month - count)
    return of_year(today.year - count)


def season_before(name: str, today: date) -> Span:
    """Return the last season of that name that has ended by today."""
    this_year = of_season(name, today.year)
    has_ended = this_year.end is not None and this_year.end <= today
    span = this_year if has_ended else of_season(name, today.year - 1)
    return span if span.end is not None and span.end <= today else of_season(name, today.year - 2)


UNIT_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
"""The days of a unit in "the last 2 months", which ends today."""

Form = tuple[re.Pattern[str], Callable[[re.Match[str], date], Span]]
"""A form of dates: its pattern, and the function that makes the days of a match, as of today.

The function raises ValueError or OverflowError for days that there are not.
"""


def first_span(
    forms: Iterable[Form], text: str, start: int, today: date
) -> tuple[int, Span] | None:
    """Return the end and the days of the first form that begins at a place of a text, or None."""
    for pattern, build in forms:
        match = pattern.match(text, start)
        if match is not None:
            try:
                return match.end(), build(match, today)
            except (ValueError, OverflowError):  # 31 February, or three hundred years ago
                continue
    return None
