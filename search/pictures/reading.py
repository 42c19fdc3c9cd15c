"""Reading of pictures: bytes or path -> an upright RGB picture within limits, and its facts."""

import math
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from PIL import Image, Jpeg2KImagePlugin, UnidentifiedImageError

from search.errors import BadPicture, Message
from search.pictures import faults, memory, pillow_setup
from search.pictures.files import check_size, load_file
from search.pictures.formats import deep_tiff, jpeg, jpeg2000, jpegxl, png, tiff
from search.pictures.formats.rarity import rarity
from search.pictures.formats.svg_and_raw import RAW, convert
from search.pictures.limits import DEFAULT_LIMITS, Limits
from search.pictures.metadata.raw import raw_facts
from search.pictures.metadata.reading import merge_facts, read_facts
from search.pictures.orientation import ON_ITS_SIDE, stored_turn, upright
from search.pictures.to_srgb import to_srgb
from search.records import PictureFacts

# The name of a picture that was sent without one.
THE_PICTURE = Message("the-picture", "the picture")

# The factor over the target at which a JPEG is decoded. At 4/3 the built-in pair's embeddings keep
# a cosine of 0.996 to those of the whole picture on mosaics of photographs, all detail, 0.995 at
# worst; at 2 they keep 0.999, and decoding 2 megapixels takes twice as long.
SPARE = 4 / 3

# Compressed pixels never have as many zeros at their end; padding of metadata is at most 4 KiB.
ZEROS_BYTES = 16 * 1024


def read_picture(
    source: Path | bytes,
    *,
    limits: Limits = DEFAULT_LIMITS,
    target_px: int | None = None,
    name: str = THE_PICTURE,
    drawings: bool = False,
) -> tuple[Image.Image, PictureFacts]:
    """Decode a picture, upright, as 8-bit sRGB; of an animation, its first frame.

    `target_px` is the shortest side that is needed: a JPEG is then decoded at a fraction of its
    size, its sides at least a third more than that, in a fraction of the time; a large picture of
    another format is reduced to twice that. One that would not fit into `limits.max_decode_bytes`
    with its copy is reduced until it does. The facts always give the size of the whole upright
    picture. `name` names bytes in messages. Without `drawings` no SVG is rendered: rendering
    may take any time, so a stranger's SVG is for workers alone.

    Raises:
        BadPicture: the file can't be read, is no picture, is damaged, of a rare kind, or over the
            limits; or other large pictures were decoded for too long ("timed out").
    """
    if isinstance(source, Path):
        name, data = repr(str(source)), load_file(source, limits)
    else:
        data = source
        check_size(len(data), name, limits)
        if not data:
            raise faults.empty(name)
    pillow_setup.ready()
    try:
        other = convert(data, name, drawings, limits)
        if other is None:
            return _decode(data, name, limits, target_px)
        picture, facts = _decode(other[0], name, limits, target_px)
        facts = replace(facts, format=other[1])
        return picture, merge_facts(raw_facts(data), facts) if other[1] == RAW else facts
    except MemoryError as error:
        raise faults.out_of_memory(name) from error
    except pillow_setup.PLUGIN_ERRORS as error:
        raise _refusal(data, name, error) from error


def _decode(
    data: bytes, name: str, limits: Limits, target_px: int | None
) -> tuple[Image.Image, PictureFacts]:
    if not data.startswith(png.SIGNATURE):
        return _decode_whole(data, name, limits, target_px)
    data = png.repair(data, name)
    try:
        return _decode_whole(data, name, limits, target_px)
    except pillow_setup.PLUGIN_ERRORS:
        try:
            return _decode_whole(png.bare(data), name, limits, target_px)
        except pillow_setup.PLUGIN_ERRORS:
            return _decode_whole(png.bare(data, png.OPAQUE), name, limits, target_px)


def _decode_whole(
    data: bytes, name: str, limits: Limits, target_px: int | None
) -> tuple[Image.Image, PictureFacts]:
    if layout := tiff.read_layout(data, name):
        return _decode_deep(data, layout, name, limits, target_px)
    image, data = _open(data, name, limits)
    width_px, height_px = image.size
    pixels = _draft(image, data, limits, target_px)
    size_bytes = memory.decoding_bytes(image, width_px * height_px, pixels)
    with memory.turn(size_bytes, name, limits):
        image.load()
        # After loading, because Pillow turns a TIFF by itself then.
        turn = stored_turn(image, data)
        if turn in ON_ITS_SIDE:
            width_px, height_px = height_px, width_px
        facts = read_facts(image, width_px, height_px, data)
        return _upright(image, turn, limits, target_px), facts


def _decode_deep(
    data: bytes, layout: tiff.Layout, name: str, limits: Limits, target_px: int | None
) -> tuple[Image.Image, PictureFacts]:
    """Decode a TIFF whose pixels Pillow does not read, or not right."""
    width_px, height_px = layout.width_px, layout.height_px
    _check_size(width_px, height_px, name, limits)
    with memory.turn(layout.decoding_bytes, name, limits):
        image = deep_tiff.decode(data, layout)
        about = tiff.without_pixels(data)
        turn = stored_turn(about)
        if turn in ON_ITS_SIDE:
            width_px, height_px = height_px, width_px
        facts = read_facts(about, width_px, height_px, data)
        return _upright(image, turn, limits, target_px), facts


def _open(data: bytes, name: str, limits: Limits) -> tuple[Image.Image, bytes]:
    """Return the picture with its header read, and the bytes that it is decoded from."""
    formats: tuple[str, ...] = pillow_setup.FORMATS
    if jpegxl.is_jpeg_xl(data):
        width_px, height_px = jpegxl.size(data) or (1, 1)
        _check_size(width_px, height_px, name, limits)
        memory.check_bytes(width_px * height_px * memory.JPEG_XL_BYTES, name, limits)
        jpegxl.register()
        formats = (jpegxl.NAME,)
    stream = BytesIO(data)
    image = Image.open(stream, formats=formats)  # reads the header, decodes nothing
    _check_size(*image.size, name, limits)
    if image.format in ("JPEG", "MPO") and not jpeg.has_end(data, stream.tell()):
        pixels = image.width * image.height
        with memory.turn(memory.decoding_bytes(image, pixels, pixels), name, limits):
            complete = jpeg.append_end(data, stream.tell())
        if complete is None:
            raise faults.without_end(name)
        return Image.open(BytesIO(complete), formats=formats), complete
    if image.format in ("WEBP", "AVIF", "HEIF") and not any(data[-ZEROS_BYTES:]):
        # Decoders notice where a file stops early, but not where an interrupted copy, which first
        # reserves the room, has left zeros.
        raise faults.without_end(name)
    return image, data


def _draft(image: Image.Image, data: bytes, limits: Limits, target_px: int | None) -> int:
    """Request a fraction of the size from a format that allows it; return the pixels then left."""
    halvings = 0
    if image.format in ("JPEG", "MPO") and target_px is not None:
        side_px = math.ceil(SPARE * target_px)
        image.draft(None, (side_px, side_px))
    elif isinstance(image, Jpeg2KImagePlugin.Jpeg2KImageFile) and (about := jpeg2000.header(data)):
        halvings = memory.halvings(image, about.halvings, limits, target_px)
        image.reduce = halvings
    width_px, height_px = image.size
    return width_px * height_px >> 2 * halvings


def _upright(image: Image.Image, turn: int, limits: Limits, target_px: int | None) -> Image.Image:
    """Return the decoded picture upright as RGB, reduced if large; close the original."""
    picture = to_srgb(image, memory.factor(image, limits, target_px))
    image.close()
    return upright(picture, turn)


def _check_size(width_px: int, height_px: int, name: str, limits: Limits) -> None:
    if width_px < 1 or height_px < 1:
        raise BadPicture(
            "not an image",
            "picture-without-pixels",
            "{name} has no pixels: {width_px} by {height_px}",
            name=name,
            width_px=width_px,
            height_px=height_px,
        )
    if width_px * height_px > limits.max_pixels:
        raise BadPicture(
            "too large",
            "picture-too-many-pixels",
            "{name} has {width_px:,} by {height_px:,} pixels; at most {max_pixels:,} "
            "pixels are decoded (LIMN_MAX_PIXELS)",
            name=name,
            width_px=width_px,
            height_px=height_px,
            max_pixels=limits.max_pixels,
        )


def _refusal(data: bytes, name: str, error: BaseException) -> BadPicture:
    """Distinguish a damaged picture from other files by the first bytes."""
    kind = pillow_setup.looks_like(data)
    if kind is None and (other := faults.other_kind(data, name)):
        return other
    if kind is None:
        formats = ", ".join((*pillow_setup.FORMATS, "JPEG XL"))
        return BadPicture(
            "not an image",
            "picture-format-unknown",
            "{name} is not a picture that can be read: no {known}",
            name=name,
            known=formats,
        )
    if rare := rarity(data, kind, error):
        return BadPicture(
            "unsupported",
            "picture-kind-unsupported",
            "{name} is {rare}, which is not read",
            name=name,
            rare=rare,
        )
    reason = str(error)
    if isinstance(error, UnidentifiedImageError):
        reason = Message("picture-header-unreadable", "its header can't be read")
    elif kind == jpegxl.NAME:  # its decoder gives no reason, and suggests a rebuild
        reason = Message("picture-decoder-refuses", "its decoder refuses it")
    return BadPicture(
        "truncated",
        "picture-damaged",
        "{name} is damaged or cut short ({kind}): {reason}",
        name=name,
        kind=kind,
        reason=reason,
    )
