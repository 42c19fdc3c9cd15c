"""What a picture's file says of itself: when, where and with what it was taken."""

import math
import re
from collections.abc import Mapping
from datetime import datetime

from PIL import ExifTags, Image

from search.pictures.descriptions import clean, file_captions
from search.pictures.pillow import PLUGIN_ERRORS
from search.records import PictureFacts

Tags = Mapping[int, object]

TIMES = (
    (ExifTags.Base.DateTimeOriginal, ExifTags.Base.OffsetTimeOriginal),
    (ExifTags.Base.DateTimeDigitized, ExifTags.Base.OffsetTimeDigitized),
    (ExifTags.Base.DateTime, ExifTags.Base.OffsetTime),
)
TIME = re.compile(r"(\d{4})[:/-](\d\d)[:/-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
OFFSET = re.compile(r"[+-](?:0\d|1[0-4]):[0-5]\d|Z")


def read_facts(image: Image.Image, width_px: int, height_px: int) -> PictureFacts:
    """The facts of an opened picture; broken metadata counts as none and raises nothing."""
    exif = _exif(image)
    main: Tags = dict(exif)
    camera = _directory(exif, ExifTags.IFD.Exif)
    latitude, longitude = position(_directory(exif, ExifTags.IFD.GPSInfo))
    return PictureFacts(
        format=image.format or "",
        width_px=width_px,
        height_px=height_px,
        taken_at=taken_at({**main, **camera}),
        latitude=latitude,
        longitude=longitude,
        camera=camera_name(main),
        captions=file_captions(image, {**main, **camera}, exif.endian),
    )


def taken_at(tags: Tags) -> str | None:
    """When the picture was taken, or else digitised, or else stored -> ISO 8601."""
    for time_tag, offset_tag in TIMES:
        found = TIME.match(clean(tags.get(time_tag)))
        if not found:
            continue
        try:
            year, month, day, hour, minute, second = map(int, found.groups())
            time = datetime(year, month, day, hour, minute, second)
        except ValueError:  # 0000:00:00, the 31st of February
            continue
        offset = clean(tags.get(offset_tag))
        return time.isoformat() + (offset if OFFSET.fullmatch(offset) else "")
    return None


def position(gps: Tags) -> tuple[float, float] | tuple[None, None]:
    """Latitude and longitude in degrees, north and east positive; (None, None) for junk."""
    latitude = _degrees(
        gps.get(ExifTags.GPS.GPSLatitude), clean(gps.get(ExifTags.GPS.GPSLatitudeRef)), "NS", 90
    )
    longitude = _degrees(
        gps.get(ExifTags.GPS.GPSLongitude), clean(gps.get(ExifTags.GPS.GPSLongitudeRef)), "EW", 180
    )
    # Cameras that have not found their place yet write 0, 0: a point in the Atlantic.
    if latitude is None or longitude is None or latitude == longitude == 0:
        return None, None
    return latitude, longitude


def _degrees(value: object, side: str, sides: str, limit: int) -> float | None:
    """Degrees, minutes and seconds -> signed degrees."""
    parts = value if isinstance(value, tuple) else (value,)
    try:
        degrees = sum(float(part) / 60.0**place for place, part in enumerate(parts[:3]))
    except (TypeError, ValueError, ArithmeticError):
        return None
    # A zero denominator is NaN to Pillow.
    if not math.isfinite(degrees) or not 0 <= degrees <= limit or side.upper() not in tuple(sides):
        return None
    return round(-degrees if side.upper() == sides[1] else degrees, 7)


def camera_name(tags: Tags) -> str | None:
    """The camera's maker and name, the maker not repeated: "Canon EOS 5D"."""
    maker = clean(tags.get(ExifTags.Base.Make))
    name = clean(tags.get(ExifTags.Base.Model))
    if name and maker and name.split()[0].casefold() != maker.split()[0].casefold():
        return f"{maker} {name}"
    return name or maker or None


def _exif(image: Image.Image) -> Image.Exif:
    try:
        return image.getexif()
    except PLUGIN_ERRORS:
        return Image.Exif()


def _directory(exif: Image.Exif, tag: ExifTags.IFD) -> Tags:
    try:
        return dict(exif.get_ifd(tag)) if tag in exif else {}
    except PLUGIN_ERRORS:
        return {}
