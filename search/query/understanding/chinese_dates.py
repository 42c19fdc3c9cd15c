"""Dates as Chinese writes them, which puts no blanks around words."""

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
    units_ago,
)

DIGITS = {digit: number for number, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
YEARS = {"今年": 0, "去年": 1, "前年": 2}
SEASONS = {"春": "spring", "夏": "summer", "秋": "autumn", "冬": "winter"}
UNITS = {"天": "day", "日": "day", "周": "week", "星期": "week", "礼拜": "week", "月": "month"}
UNITS |= {"年": "year"}

NUMBER = "[0-9]{1,3}|[一二三四五六七八九两]?十[一二三四五六七八九]?|[一二三四五六七八九两]"
UNIT = "天|日|个?星期|个?礼拜|周|个月|年"
YEAR = r"(?:(?<![0-9])(?P<year>(?:18|19|20)[0-9]{2}|[一二][〇零一二三四五六七八九]{3})"
YEAR += r"(?:\s*年|(?=\s*[到至~-]\s*(?:18|19|20)[0-9]{2}\s*年))"
YEAR += "|(?P<named>(?<!如)今年|去年|前年))"
SEASON = "(?P<season>[春夏秋冬])(?:天|季)?"
MONTH = rf"(?P<month>{NUMBER})\s*月(?:份)?"

# With what stands before or after, these characters are other words: 目前天气, 上月球, 这周围.
DAY_OF_YEAR = re.compile(
    rf"{YEAR}的?(?:{SEASON}|{MONTH}(?:\s*(?P<day>{NUMBER})\s*(?:日|号))?)?(?!轻)"
)
RELATIVE = re.compile(
    "(?P<week>(?P<last>上个?|这个?|本)(?:周|星期|礼拜)(?P<weekend>末)?)(?![围遭期])"
    "|(?P<month>(?P<which>上个?|这个?|本)月)(?![球亮饼光])"
    "|(?P<day>昨[天日]|今天|(?<![目之以从眼空生当跟])前天)"
)
BACK = re.compile(f"(?:最近|过去|近)(?:的)?(?P<number>{NUMBER})(?P<unit>{UNIT})")
AGO = re.compile(f"(?P<number>{NUMBER})(?P<unit>{UNIT})(?:以|之)?前")


def point_at(text: str, start: int, today: date) -> tuple[int, Span] | None:
    """Return the end of the date that begins at a place of a text, and its days, or None."""
    return first_span(FORMS, text, start, today)


def _of_year(match: re.Match[str], today: date) -> Span:
    if match["named"]:
        year = today.year - YEARS[match["named"]]
    else:
        year = int("".join(str(DIGITS.get(each, each)) for each in match["year"]))
    if match["season"]:
        return of_season(SEASONS[match["season"]], year)
    if not match["month"]:
        return of_year(year)
    month = _number(match["month"])
    if not 1 <= month <= 12:
        raise ValueError("no month")
    return (
        of_day(date(year, month, _number(match["day"]))) if match["day"] else of_month(year, month)
    )


def _relative(match: re.Match[str], today: date) -> Span:
    if match["day"]:
        back = {"昨": 1, "今": 0, "前": 2}[match["day"][0]]
        return of_day(today - timedelta(days=back))
    if match["month"]:
        return units_ago(today, int(match["which"].startswith("上")), "month")
    week = of_week(today - timedelta(days=7 * match["last"].startswith("上")))
    if not match["weekend"]:
        return week
    assert week.start is not None
    return Span(week.start + timedelta(days=5), week.end)


def _back(match: re.Match[str], today: date) -> Span:
    return last_days(today, _number(match["number"]) * UNIT_DAYS[_unit(match)])


def _ago(match: re.Match[str], today: date) -> Span:
    return units_ago(today, _number(match["number"]), _unit(match))


def _unit(match: re.Match[str]) -> str:
    return UNITS[match["unit"].removeprefix("个")]


def _number(text: str) -> int:
    """Return a number below a hundred, in digits or in Chinese.

    >>> _number("12"), _number("十二"), _number("二十"), _number("两")
    (12, 12, 20, 2)
    """
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (DIGITS[tens] if tens else 1) * 10 * bool(ten) + (DIGITS[ones] if ones else 0)


FORMS: tuple[Form, ...] = (
    (DAY_OF_YEAR, _of_year),
    (RELATIVE, _relative),
    (BACK, _back),
    (AGO, _ago),
)
