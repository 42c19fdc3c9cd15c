"""Dates as cameras, programs and people write them in metadata -> ISO 8601."""

import re
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

DAY = (
    r"(?P<year>\d{4})(?P<gap>[-:/._ ])\s?(?P<month>\d{1,2})(?:(?P=gap)\s?(?P<day>\d{1,2}))(?!\d)",
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?!\d{1,3}\b|\d{5}\b|\d{7})",
    r"(?P<year>\d{4})年\s?(?P<month>\d{1,2})月\s?(?P<day>\d{1,2})日",
)
TIME = (
    r"(?:[\s:T,_-]*(?P<half>上午|下午|午前|午後)?\s*"
    r"(?=\d{1,2}[:.-]|\d{4})(?P<hour>\d{1,2})(?P<point>[:.-]?)\s?(?P<minute>\d{1,2})"
    r"(?:(?P=point)\s?(?P<second>\d{1,2})(?:[.,:]\d+)?)?(?!\d)\s*(?P<pm>[AaPp]\.?[Mm]\b)?)?"
)
ZONE = r"\s*(?P<zone>Z\b|(?:GMT|UTC)?[-+]\d{1,2}(?::?\d\d)?(?!\d)|GMT\b|UTC\b)?"
FORMS = tuple(re.compile(day + TIME + ZONE) for day in DAY)
YEAR_OR_MONTH = re.compile(r"(?P<year>\d{4})(?:[-:/.](?P<month>\d{1,2}))?(?:[-:/.]\s*)*")
OFFSET = re.compile(r"(?:GMT|UTC)?([-+])(\d{1,2}):?(\d\d)?")

AFTERNOON = ("下午", "午後")

# Clocks that were never set, or programs without a date, write dates before photography; the
# paintings on scans are older. A filter needs the year after.
FIRST_YEAR, LAST_YEAR = 1000, 9998

# No time zone is farther from Greenwich.
FARTHEST_H = 14


def read_date(text: str, offset: str = "") -> str | None:
    """Return a date as ISO 8601, as precise as written: with time, a day, or None for nonsense.

    A year or a month alone is its first day. Hour 24 and second 60 roll over; an impossible time
    is left out. `offset` is the time zone for a text without one.
    """
    text = text.strip()
    if part := YEAR_OR_MONTH.fullmatch(text):
        first = _day(part["year"], part["month"], None)
        return first.isoformat() if first else None
    match = next(filter(None, (form.match(text) for form in FORMS)), None)
    if match is None:
        return _by_name(text)
    day = _day(match["year"], match["month"], match["day"])
    time = _time(match)
    if day is None:
        return None
    if time is None or not int(match["month"]) or not int(match["day"]):
        return day.isoformat()
    moment = datetime(day.year, day.month, day.day) + time
    return moment.isoformat() + (_zone(match["zone"]) or _zone(offset))


def _day(*parts: str | None) -> date | None:
    year, month, day = (int(part or 0) for part in parts)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month or 1, (day or 1) if month else 1)
    except ValueError:  # the 31st of February
        return None


def _time(match: re.Match[str]) -> timedelta | None:
    if match["hour"] is None:
        return None
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    late = (match["pm"] or "").lower().startswith("p") or match["half"] in AFTERNOON
    if late and hour < 12:
        hour += 12
    if hour > 24 or (hour == 24 and minute + second) or minute > 59 or second > 60:
        return None
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _zone(text: str | None) -> str:
    """Return a time zone in ISO 8601; "" for nonsense."""
    text = (text or "").strip()
    if text in ("Z", "GMT", "UTC"):
        return "Z"
    match = OFFSET.fullmatch(text)
    if not match:
        return ""
    hours, minutes = int(match[2]), int(match[3] or 0)
    return f"{match[1]}{hours:02}:{minutes:02}" if hours <= FARTHEST_H and minutes < 60 else ""


def _by_name(text: str) -> str | None:
    """Return a date with the month's name, as RFC 1123 and C's `ctime` write it."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    return _iso(moment)


def from_timestamp(seconds: float) -> str | None:
    """Return seconds since 1970 as ISO 8601 in UTC; None for 0, which means no date."""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))
    except (OverflowError, ValueError):
        return None
    return _iso(moment) if seconds and FIRST_YEAR <= moment.year <= LAST_YEAR else None


def _iso(moment: datetime) -> str:
    text = moment.replace(microsecond=0).isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
