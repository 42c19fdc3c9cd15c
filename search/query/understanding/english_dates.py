"""Dates as English writes them; each form is a pattern and the span that it names."""

import re
from datetime import date, timedelta

from search.query.understanding.spans import (
    UNIT_DAYS,
    Form,
    Span,
    first_span,
    last_days,
    of_day,
    of_month,
    of_season,
    of_week,
    of_year,
    season_before,
    units_ago,
)

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NUMBERS = {
    **{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8},
    **{"nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "a": 1, "an": 1, "a couple of": 2, "": 1},
}

MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
LONG_MONTH = (
    r"(?P<month>january|february|march|april|may|june|july|august|september|october|november"
    r"|december)"
)
YEAR = r"(?P<year>(?:18|19|20)\d\d)"
DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
SEASON = r"(?P<season>spring|summer|autumn|fall|winter)"
WEEKDAY = r"(?P<weekday>monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
NUMBER = rf"(?P<number>\d{{1,3}}|{'|'.join(sorted(filter(None, NUMBERS), key=len, reverse=True))})"
UNIT = r"(?P<unit>day|week|month|year)"


def _season(match: re.Match[str]) -> str:
    return match["season"].lower().replace("fall", "autumn")


def _month(match: re.Match[str]) -> int:
    return MONTHS.index(match["month"][:3].lower()) + 1


def _number(match: re.Match[str]) -> int:
    text = " ".join((match["number"] or "").lower().split())
    return int(text) if text.isdecimal() else NUMBERS[text]


def _last(match: re.Match[str], today: date) -> Span:
    """Return the unit before today's."""
    unit = match["unit"].lower()
    if unit == "weekend":
        monday = of_week(today - timedelta(days=7)).start
        assert monday is not None
        return Span(monday + timedelta(days=5), monday + timedelta(days=7))
    return units_ago(today, 1, unit)


def _last_weekday(match: re.Match[str], today: date) -> Span:
    back = (today.weekday() - DAYS.index(match["weekday"][:3].lower()) - 1) % 7 + 1
    return of_day(today - timedelta(days=back))


def _last_month_named(match: re.Match[str], today: date) -> Span:
    month = _month(match)
    return of_month(today.year - (month >= today.month), month)


def _day(match: re.Match[str], _: date) -> Span:
    return of_day(date(int(match["year"]), _month(match), int(match["day"])))


def _iso(match: re.Match[str], _: date) -> Span:
    return of_day(date(int(match["year"]), int(match["number"]), int(match["day"])))


def _iso_month(match: re.Match[str], _: date) -> Span:
    first = date(int(match["year"]), int(match["number"]), 1)
    return of_month(first.year, first.month)


def _month_of_year(match: re.Match[str], _: date) -> Span:
    return of_month(int(match["year"]), _month(match))


def _season_of_year(match: re.Match[str], _: date) -> Span:
    return of_season(_season(match), int(match["year"]))


def _days_back(match: re.Match[str], today: date) -> Span:
    return last_days(today, _number(match) * UNIT_DAYS[match["unit"].lower()])


# The longer forms first; a blank stands for any number of them.
FORMS: tuple[Form, ...] = tuple(
    (re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE), build)
    for pattern, build in (
        (rf"{YEAR}(?P<sign>[-/.])(?P<number>\d\d?)(?P=sign)(?P<day>\d\d?)(?![-\d])", _iso),
        (rf"{YEAR}-(?P<number>\d\d)(?![-\d])", _iso_month),
        (rf"(?P<day>\d\d?)\.(?P<number>\d\d?)\.{YEAR}", _iso),
        (rf"{DAY} (?:of )?{MONTH},? {YEAR}", _day),
        (rf"{MONTH} {DAY},? {YEAR}", _day),
        (rf"{MONTH},? (?:of )?{YEAR}", _month_of_year),
        (rf"{SEASON},? (?:of )?{YEAR}(?:[/-]\d\d(?:\d\d)?)?", _season_of_year),
        (rf"{YEAR} {SEASON}", _season_of_year),
        (rf"last {SEASON}", lambda match, today: season_before(_season(match), today)),
        (rf"this {SEASON}", lambda match, today: of_season(_season(match), today.year)),
        (rf"last {LONG_MONTH}", _last_month_named),
        (rf"last {WEEKDAY}", _last_weekday),
        ("last (?P<unit>weekend|week|month|year)", _last),
        (f"this {UNIT}", lambda match, today: units_ago(today, 0, match["unit"].lower())),
        (rf"(?:the )?(?:last|past) {NUMBER} {UNIT}s?", _days_back),
        (f"(?:the )?past (?P<number>){UNIT}", _days_back),
        (
            f"{NUMBER} {UNIT}s? ago",
            lambda match, today: units_ago(today, _number(match), match["unit"].lower()),
        ),
        ("the day before yesterday", lambda _, today: of_day(today - timedelta(days=2))),
        ("yesterday", lambda _, today: of_day(today - timedelta(days=1))),
        ("today", lambda _, today: of_day(today)),
        (
            "the (?P<decade>(?:18|19|20)\\d0)'?s",
            lambda match, _: of_year(int(match["decade"]), 10),
        ),
        (YEAR, lambda match, _: of_year(int(match["year"]))),
    )
)


def point_at(text: str, start: int, today: date) -> tuple[int, Span] | None:
    """Return the end of the date that begins at a place of a text, and its days, or None."""
    return first_span(FORMS, text, start, today)
