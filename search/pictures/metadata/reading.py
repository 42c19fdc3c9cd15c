"""The facts in a picture's own metadata, in all its standards: date, place, camera, captions."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from PIL import ExifTags, Image

from search.pictures.metadata import iptc, png_texts, xmp
from search.pictures.metadata.dates import read_date
from search.pictures.metadata.embedded_captions import (
    Description,
    captions_of,
    clean,
    exif_descriptions,
)
from search.pictures.metadata.places import (
    LATITUDE,
    LONGITUDE,
    SIDES,
    Place,
    place_of,
    read_degrees,
)
from search.pictures.pillow_setup import PLUGIN_ERRORS
from search.records import PictureFacts

Tags = Mapping[int, object]

TAKEN = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.OffsetTimeOriginal)
DIGITIZED = (ExifTags.Base.DateTimeDigitized, ExifTags.Base.OffsetTimeDigitized)
STORED = (ExifTags.Base.DateTime, ExifTags.Base.OffsetTime)

RATING, RATING_PERCENT = 0x4746, 0x4749
XMP_TAG = 700

# Pillow finds no XMP in these; their packet is in one piece.
XMP_TO_SEARCH = ("GIF", "JPEG2000", "JXL")

# The start of a JPEG 2000's box with EXIF.
EXIF_OF_JPEG_2000 = b"uuidJpgTiffExif->JP2"

PACKET_START, PACKET_END = b"<x:xmpmeta", b"</x:xmpmeta>"


@dataclass(frozen=True, slots=True)
class Exif:
    """The EXIF tags of the picture, overlaid by those of the camera, and those of the place.

    `byte_order` is "<" or ">".
    """

    tags: Tags
    gps: Tags
    byte_order: str | None = None


NO_EXIF = Exif({}, {})

# Facts that a file may lack.
OPTIONAL = tuple(each.name for each in fields(PictureFacts) if each.default is None)


def read_facts(
    image: Image.Image, width_px: int, height_px: int, data: bytes = b""
) -> PictureFacts:
    """Return the facts of an opened picture; broken metadata counts as none and raises nothing.

    `data` is its file, which is searched for metadata that Pillow ignores.
    """
    exif = read_exif(image, data)
    packet = xmp.read_xmp(_packet(image, data)) or xmp.NOTHING
    records = iptc.read_iptc(image)
    captions: list[Description] = [*packet.captions, *iptc.captions(records)]
    captions += [*exif_descriptions(exif.tags, exif.byte_order), *png_texts.captions(image.info)]
    png_made, png_filed = png_texts.dates(image.info)
    iptc_taken, iptc_digitized = iptc.dates(records)
    facts = facts_of(exif, packet, captions)
    dates = (
        *(exif_date(exif.tags, TAKEN), packet.dates[0], iptc_taken, png_made),
        *(exif_date(exif.tags, DIGITIZED), packet.dates[1], iptc_digitized),
        *(exif_date(exif.tags, STORED), packet.dates[2], png_filed, png_texts.changed_date(data)),
    )
    return replace(
        facts,
        format=image.format or "",
        width_px=width_px,
        height_px=height_px,
        taken_at=next(filter(None, dates), None),
    )


def facts_of(exif: Exif, packet: xmp.Xmp, captions: list[Description]) -> PictureFacts:
    """Return the facts in EXIF and XMP, without format and size; EXIF has priority over XMP.

    The rating is XMP's, where programs write it today; Windows writes both alike.
    """
    place = exif_place(exif.gps) or packet.place
    latitude, longitude = place or (None, None)
    rating = packet.rating
    if rating is None:
        rating = xmp.stars(exif.tags.get(RATING), exif.tags.get(RATING_PERCENT))
    return PictureFacts(
        format="",
        width_px=0,
        height_px=0,
        taken_at=taken_at(exif.tags) or next(filter(None, packet.dates), None),
        latitude=latitude,
        longitude=longitude,
        camera=camera_name(exif.tags)
        or camera_name({ExifTags.Base.Make: packet.maker, ExifTags.Base.Model: packet.camera}),
        rating=rating or None,  # 0 is no rating: cameras write it into every file
        captions=captions_of(captions, "file"),
    )


def merge_facts(file: PictureFacts, picture: PictureFacts) -> PictureFacts:
    """Return the facts of a container, completed by those of a picture in it.

    The size is the picture's; captions are those of both.
    """
    origin = file if file.latitude is not None else picture
    own = {name: value for name in OPTIONAL if (value := getattr(file, name)) is not None}
    captions = {caption.text.casefold(): caption for caption in (*picture.captions, *file.captions)}
    order = dict.fromkeys(
        caption.text.casefold() for caption in (*file.captions, *picture.captions)
    )
    return replace(
        picture,
        **{
            **own,
            "format": file.format or picture.format,
            "latitude": origin.latitude,
            "longitude": origin.longitude,
            "captions": tuple(captions[text] for text in order),
        },
    )


def taken_at(tags: Tags) -> str | None:
    """Return when the picture was taken, or else digitized, or else stored -> ISO 8601."""
    dates = (exif_date(tags, tag) for tag in (TAKEN, DIGITIZED, STORED))
    return next(filter(None, dates), None)


def exif_date(tags: Tags, which: tuple[int, int]) -> str | None:
    """Return one of the dates of EXIF with its time zone; None for nonsense."""
    time_tag, offset_tag = which
    return read_date(clean(tags.get(time_tag)), clean(tags.get(offset_tag)))


def exif_place(gps: Tags) -> Place | None:
    """Return the place of EXIF's GPS tags; None for nonsense."""
    return place_of(
        _degrees(gps, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, LATITUDE),
        _degrees(gps, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, LONGITUDE),
    )


def _degrees(gps: Tags, tag: int, side_tag: int, limit: int) -> float | None:
    """Return degrees, minutes and seconds, numbers or a text, as signed degrees."""
    value, side = gps.get(tag), clean(gps.get(side_tag))
    if isinstance(value, str | bytes):
        return read_degrees(clean(value), side, limit)
    parts = value if isinstance(value, tuple | list) else (value,)
    try:
        numbers = [float(part) for part in parts[:3]]
    except (TypeError, ValueError, ArithmeticError):
        return None
    # Pillow reads a zero denominator as NaN: for minutes and seconds, it means none.
    numbers = [
        0.0 if place and math.isnan(number) else number for place, number in enumerate(numbers)
    ]
    degrees = sum(number / 60.0**place for place, number in enumerate(numbers))
    letter = side[:1].upper()
    if not math.isfinite(degrees) or not 0 <= degrees <= limit or letter not in tuple(SIDES[limit]):
        return None
    return -degrees if letter == SIDES[limit][1] else degrees


def camera_name(tags: Tags) -> str | None:
    """Return the camera's maker and name, the maker not repeated: "Canon EOS 5D"."""
    maker = clean(tags.get(ExifTags.Base.Make))
    name = clean(tags.get(ExifTags.Base.Model))
    if name and maker and name.split()[0].casefold() != maker.split()[0].casefold():
        return f"{maker} {name}"
    return name or maker or None


def read_exif(image: Image.Image, data: bytes = b"") -> Exif:
    """Return the EXIF of an opened picture, without broken parts."""
    try:
        exif = image.getexif()
        if image.format == "JPEG2000" and EXIF_OF_JPEG_2000 in data:
            exif.load(data.partition(EXIF_OF_JPEG_2000)[2])
        return exif_tags(exif)
    except PLUGIN_ERRORS:
        return NO_EXIF


def exif_tags(exif: Image.Exif) -> Exif:
    """Return the tags of EXIF as Pillow has read it, without broken directories."""
    main = dict(_values(exif))
    camera = _directory(exif, ExifTags.IFD.Exif)
    return Exif({**main, **camera}, _directory(exif, ExifTags.IFD.GPSInfo), exif.endian)


def _directory(exif: Image.Exif, tag: ExifTags.IFD) -> Tags:
    try:
        return dict(exif.get_ifd(tag)) if tag in exif else {}
    except PLUGIN_ERRORS:
        return {}


def _values(exif: Image.Exif) -> Iterator[tuple[int, object]]:
    """Yield the tags with readable values: Pillow reads each at its first access."""
    for tag in exif:
        try:
            yield tag, exif[tag]
        except PLUGIN_ERRORS:
            continue


def _packet(image: Image.Image, data: bytes) -> bytes:
    packet = image.info.get("xmp") or png_texts.xmp_profile(image.info)
    if isinstance(packet, str):
        packet = packet.encode("utf-8", "replace")
    if not packet and image.format in XMP_TO_SEARCH:
        packet = data[data.find(PACKET_START) : data.find(PACKET_END) + len(PACKET_END)]
    return packet if isinstance(packet, bytes) else b""
