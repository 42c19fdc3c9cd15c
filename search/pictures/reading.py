"""Bytes or path -> an upright RGB picture, within limits, and what its file says of it."""

import math
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from search.errors import BadPicture
from search.pictures import jpegxl, pillow
from search.pictures.colours import to_srgb
from search.pictures.converted import RAW, converted
from search.pictures.files import DEFAULT_LIMITS, Limits, check_size, load_file
from search.pictures.metadata import merged, read_facts
from search.pictures.raw_metadata import raw_facts
from search.records import PictureFacts

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What each EXIF orientation takes to stand upright; from 5 on, width and height change places."""

ORIENTATION_TAG = 0x0112

# How much larger than wanted a JPEG is decoded. At 4/3 the built-in pair's embeddings keep a cosine
# of 0.996 to those of the whole picture on mosaics of photographs, all detail, 0.995 at worst; at 2
# they keep 0.999, and decoding 2 megapixels takes twice as long.
SPARE = 4 / 3

# Compressed pixels never have as many zeros at their end; padding of metadata is at most 4 KiB.
ZEROS_BYTES = 16 * 1024


def read_picture(
    source: Path | bytes,
    *,
    limits: Limits = DEFAULT_LIMITS,
    target_px: int | None = None,
    name: str = "the picture",
    drawings: bool = False,
) -> tuple[Image.Image, PictureFacts]:
    """Decode a picture, upright, as 8-bit sRGB; of an animation, its first frame.

    `target_px` is the shortest side that is wanted: a JPEG is then decoded at a fraction of its
    size, its sides at least a third more than that, in a fraction of the time. The facts always
    give the size of the whole upright picture. `name` is what messages call bytes. Without
    `drawings` no SVG is rendered: what it asks for may take any time, so a stranger's is for
    workers alone.

    Raises:
        BadPicture: the file can't be read, is no picture, is damaged, or is over the limits.
    """
    if isinstance(source, Path):
        name, data = repr(str(source)), load_file(source, limits)
    else:
        data = source
        check_size(len(data), name, limits)
        if not data:
            raise BadPicture(f"{name} is empty: it has no bytes", "empty file")
    pillow.ready()
    try:
        other = converted(data, name, drawings)
        if other is None:
            return _decode(data, name, limits, target_px)
        picture, facts = _decode(other[0], name, limits, target_px)
        facts = replace(facts, format=other[1])
        return picture, merged(raw_facts(data), facts) if other[1] == RAW else facts
    except MemoryError as error:
        raise BadPicture(f"{name} does not fit into memory", "too large") from error
    except pillow.PLUGIN_ERRORS as error:
        raise _refusal(data, name, error) from error


def _decode(
    data: bytes, name: str, limits: Limits, target_px: int | None
) -> tuple[Image.Image, PictureFacts]:
    stream = BytesIO(data)
    formats: tuple[str, ...] = pillow.FORMATS
    if jpegxl.is_jpeg_xl(data):
        _check_size(*(jpegxl.size(data) or (1, 1)), name, limits)
        jpegxl.register()
        formats = (jpegxl.NAME,)
    image = Image.open(stream, formats=formats)  # reads the header, decodes nothing
    width_px, height_px = image.size
    _check_size(width_px, height_px, name, limits)
    _check_whole(image, data, stream.tell(), name)
    if target_px is not None and image.format in ("JPEG", "MPO"):
        side_px = math.ceil(SPARE * target_px)
        image.draft(None, (side_px, side_px))
    image.load()
    turn = _turn(image)  # after loading, because Pillow turns a TIFF by itself then
    if turn in (5, 6, 7, 8):
        width_px, height_px = height_px, width_px
    facts = read_facts(image, width_px, height_px, data)
    picture = to_srgb(image)
    return (picture.transpose(UPRIGHT[turn]) if turn in UPRIGHT else picture), facts


def _check_size(width_px: int, height_px: int, name: str, limits: Limits) -> None:
    if width_px < 1 or height_px < 1:
        raise BadPicture(f"{name} has no pixels: {width_px} by {height_px}", "not an image")
    if width_px * height_px > limits.max_pixels:
        raise BadPicture(
            f"{name} has {width_px:,} by {height_px:,} pixels; at most {limits.max_pixels:,} "
            f"pixels are decoded (LIMN_MAX_PIXELS)",
            "too large",
        )


def _check_whole(image: Image.Image, data: bytes, header_bytes: int, name: str) -> None:
    """Refuse what decoders take for a picture that is partly grey.

    They notice where a file stops early, but not where an interrupted copy, which first claims the
    room, has left zeros; and Pillow passes over the checksums of a PNG's pixels.
    """
    zeros = False
    if image.format in ("JPEG", "MPO"):
        # No end of image. Whole files have it at their end, where this begins to look.
        zeros = data.rfind(b"\xff\xd9", header_bytes) < 0
    elif image.format in ("WEBP", "AVIF", "HEIF"):
        zeros = not any(data[-ZEROS_BYTES:])
    elif image.format == "PNG":
        Image.open(BytesIO(data), formats=("PNG",)).verify()  # leaves the image unfit for loading
    if zeros:
        raise BadPicture(f"{name} is cut short: its end is missing", "truncated")


def _turn(image: Image.Image) -> int:
    """The EXIF orientation, from 1 to 8; broken EXIF says 1."""
    try:
        turn = image.getexif().get(ORIENTATION_TAG)
    except pillow.PLUGIN_ERRORS:
        return 1
    return turn if turn in UPRIGHT else 1


def _refusal(data: bytes, name: str, error: BaseException) -> BadPicture:
    """Tell a damaged picture from what is none by how its bytes begin."""
    kind = pillow.looks_like(data)
    if kind is None:
        known = ", ".join((*pillow.FORMATS, "JPEG XL"))
        return BadPicture(f"{name} is not a picture that can be read: no {known}", "not an image")
    why = str(error)
    if isinstance(error, UnidentifiedImageError):
        why = "its header can't be read"
    elif kind == jpegxl.NAME:  # its decoder names no reason, and asks to be built anew
        why = "its decoder refuses it"
    return BadPicture(f"{name} is damaged, cut short or a rare sort of {kind}: {why}", "truncated")
