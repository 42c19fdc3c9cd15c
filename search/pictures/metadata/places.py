"""Places as EXIF, XMP, documents and films write them -> degrees, north and east positive."""

import math
import re

Place = tuple[float, float]
"""Latitude and longitude in degrees."""

NUMBER = re.compile(r"\d+(?:\.\d+)?")
SIDE = re.compile(r"(?:\b|(?<=\d))([NSEW])(?:orth|outh|ast|est)?\b", re.IGNORECASE)
ISO_6709 = re.compile(r"([-+]\d+(?:\.\d+)?)([-+]\d+(?:\.\d+)?)(?:[-+]\d+(?:\.\d+)?)?(?:CRS\S*)?/?")

SIGNS = {"N": 1, "S": -1, "E": 1, "W": -1}
SIDES = {90: "NS", 180: "EW"}
LATITUDE, LONGITUDE = 90, 180


def place_of(latitude: float | None, longitude: float | None) -> Place | None:
    """Return a place of valid degrees, else None; also for 0, 0, which cameras write for none."""
    if latitude is None or longitude is None or not math.isfinite(latitude + longitude):
        return None
    if abs(latitude) > LATITUDE or abs(longitude) > LONGITUDE or latitude == longitude == 0:
        return None
    return round(latitude, 7), round(longitude, 7)


def read_degrees(text: str, side: str, limit: int) -> float | None:
    r"""Return signed degrees of "48.5", "48,30.0N", "48 deg 30' 0.00\" N"; None for nonsense.

    `side` ("N", "West", ...) counts where the text names none; `limit` is LATITUDE or LONGITUDE.
    """
    text = text.strip()
    sides = SIDE.findall(text) or SIDE.findall(side)
    parts = [float(number) for number in NUMBER.findall(text)]
    negative = text.startswith("-")
    if not 1 <= len(parts) <= 3 or (len(parts) > 1 and not sides):
        return None
    if sides and (len(set(sides)) > 1 or sides[0].upper() not in SIDES[limit]):
        return None
    degrees = sum(part / 60.0**place for place, part in enumerate(parts))
    sign = SIGNS[sides[0].upper()] if sides else 1
    return _within(-degrees if negative or sign < 0 else degrees, limit)


def _within(degrees: float, limit: int) -> float | None:
    return degrees if math.isfinite(degrees) and abs(degrees) <= limit else None


def read_iso_6709(text: str) -> Place | None:
    """Return the place of a film: "+48.5000+002.2500+035.000/"."""
    match = ISO_6709.fullmatch(text.strip())
    if match is None:
        return None
    return place_of(_whole_degrees(match[1], 2), _whole_degrees(match[2], 3))


def _whole_degrees(text: str, digits: int) -> float:
    """Return DD.D, DDMM.M or DDMMSS.S as degrees; `digits` is the number for the degrees."""
    sign, whole, _, fraction = text[0], *text[1:].partition(".")
    rest = whole[digits:]
    tail = f".{fraction or 0}"
    degrees = float(whole[:digits] + ("" if rest else tail))
    for place in range(0, len(rest), 2):
        last = place + 2 >= len(rest)
        degrees += float(rest[place : place + 2] + (tail if last else "")) / 60 ** (place // 2 + 1)
    return -degrees if sign == "-" else degrees
