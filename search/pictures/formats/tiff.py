"""The tags of a TIFF: whether it is a raw file, whether Pillow reads it, and its layout if not."""

from contextlib import suppress
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
from PIL import Image, TiffImagePlugin

from search.errors import BadPicture
from search.pictures.faults import without_rows
from search.pictures.pillow_setup import PLUGIN_ERRORS

Tags = TiffImagePlugin.ImageFileDirectory_v2

BIG_INTEL, BIG_MOTOROLA = b"II+\0", b"MM\0+"
STARTS = (b"II*\0", b"MM\0*", BIG_INTEL, BIG_MOTOROLA)

# Tags, by the names of TIFF 6.0.
WIDTH, HEIGHT, BITS, PACKING, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
OFFSETS, SAMPLES, ROWS_PER_STRIP, COUNTS, PLANAR, PREDICTOR = 273, 277, 278, 279, 284, 317
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 322, 323, 324, 325
SUB_IFDS, EXTRA_SAMPLES, SAMPLE_FORMAT, PROFILE, DNG_VERSION = 330, 338, 339, 34675, 50706

# Packings without loss: none, LZW, Deflate, PackBits, LZMA, Zstandard.
LOSSLESS = {1, 5, 8, 32946, 32773, 34925, 50000}

SEPARATE = 2
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, LAB = 0, 1, 2, 5, 8
COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, CMYK: 4, LAB: 3}
"""The number of colour channels; further ones are alpha or something else."""

# Colours of camera sensors: a mosaic, and its stages before it has colours.
MOSAIC, LINEAR = 32803, 34892
SENSOR_PACKINGS = {32767, 32769, 32770, 34713, 65000, 65535}

UNSIGNED, SIGNED, FLOAT = 1, 2, 3
KINDS = {UNSIGNED: "u", SIGNED: "i", FLOAT: "f"}
SIZES = {"u": (1, 2, 4), "i": (1, 2, 4), "f": (2, 4, 8)}

PREMULTIPLIED, ALPHA = 1, 2

HEADER_BYTES = 8

# The metadata of a TIFF: captions, dates, places and cameras, and the directories with more.
ABOUT = {270, 271, 272, 274, 305, 306, 315, 700, 33432, 33723, 34377, *range(40091, 40096)}
ABOUT_IN_DIRECTORIES = {34665, 34853}

# Raw files have a few; what has more is no raw file.
MAX_DIRECTORIES = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of the pixels of a TIFF's first page. A segment is a strip or a tile."""

    width_px: int
    height_px: int
    order: str
    kind: str
    bytes_each: int
    samples: int
    separate: bool
    photometric: int
    extra: tuple[int, ...]
    packing: int
    predictor: int
    fill_order: int
    is_tiled: bool
    segment_px: tuple[int, int]
    segments: tuple[tuple[int, int], ...]
    profile: bytes

    @property
    def decoding_bytes(self) -> int:
        """Return the peak memory of decoding: the samples, one segment of them, and 8 bits."""
        pixels = self.width_px * self.height_px
        segment_px = self.segment_px[0] * self.segment_px[1]
        return (pixels * self.samples + segment_px * self.channels) * self.bytes_each + 4 * pixels

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Return the type of a sample, in the file's byte order."""
        return np.dtype(f"{self.order}{self.kind}{self.bytes_each}")

    @property
    def brightest(self) -> float:
        """Return the largest value of a sample; for floats, the one that means full intensity."""
        if self.kind == "f":
            return 1.0
        return float(2 ** (8 * self.bytes_each - (self.kind == "i")) - 1)

    @property
    def channels(self) -> int:
        """Return the number of samples that are stored together."""
        return 1 if self.separate else self.samples

    @property
    def packed_px(self) -> int:
        """Return the width including the part of tiles beyond the right edge."""
        across = -(-self.width_px // self.segment_px[0])
        return across * self.segment_px[0]


def read_layout(data: bytes, name: str) -> Layout | None:
    """Return the layout of a TIFF that is decoded here; None if Pillow decodes it.

    Raises:
        BadPicture: not all of its pixels are in the file.
    """
    tags = _tags(data) if data.startswith(STARTS) else None
    if tags is None:
        return None
    bits = set(_numbers(tags, BITS) or [1])
    samples = _number(tags, SAMPLES, 1)
    photometric = _number(tags, PHOTOMETRIC, -1)
    kind = KINDS.get(_number(tags, SAMPLE_FORMAT, UNSIGNED), "")
    bytes_each, odd = divmod(bits.pop(), 8)
    packing = _number(tags, PACKING, 1)
    width_px, height_px = _number(tags, WIDTH, 0), _number(tags, HEIGHT, 0)
    if (
        bits
        or odd
        or bytes_each not in SIZES.get(kind, ())
        or samples < COLOURS.get(photometric, samples + 1)
        or (photometric == LAB and (kind != "u" or bytes_each > 2))
        or packing not in LOSSLESS
        or width_px < 1
        or height_px < 1
    ):
        return None
    segment = _segment(tags, width_px, height_px)
    if min(segment) < 1:
        return None
    layout = Layout(
        width_px=width_px,
        height_px=height_px,
        order="<" if data[:1] == b"I" else ">",
        kind=kind,
        bytes_each=bytes_each,
        samples=samples,
        separate=_number(tags, PLANAR, 1) == SEPARATE,
        photometric=photometric,
        extra=tuple(_numbers(tags, EXTRA_SAMPLES)),
        packing=packing,
        predictor=_number(tags, PREDICTOR, 1) if packing != 1 else 1,
        fill_order=_number(tags, FILL_ORDER, 1),
        is_tiled=TILE_WIDTH in tags,
        segment_px=segment,
        segments=(),
        profile=tags.get(PROFILE) or b"",
    )
    if _pillow_reads(layout) and not data.startswith(BIG_MOTOROLA):
        return None
    return replace(layout, segments=_segments(tags, layout, len(data), name))


def _segment(tags: Tags, width_px: int, height_px: int) -> tuple[int, int]:
    """Return the width and height of a strip or tile."""
    if TILE_WIDTH in tags:
        return _number(tags, TILE_WIDTH, 0), _number(tags, TILE_HEIGHT, 0)
    return width_px, min(_number(tags, ROWS_PER_STRIP, height_px), height_px)


def _pillow_reads(layout: Layout) -> bool:
    """Return whether Pillow reads the layout right: 8 and 16 unsigned bits in the usual orders."""
    more = layout.samples - COLOURS[layout.photometric]
    if layout.kind != "u" or layout.separate or more > 1 or more != len(layout.extra):
        return False
    if layout.is_tiled and layout.packing == 1:  # it takes tiles over the right edge for cut off
        return False
    if layout.bytes_each == 1:
        return True
    if layout.photometric == WHITE_IS_ZERO and layout.order == ">":
        return False
    usual = {BLACK_IS_ZERO: 0, WHITE_IS_ZERO: 0, RGB: 1, CMYK: 0}
    return layout.bytes_each == 2 and more <= usual.get(layout.photometric, -1)


def _segments(
    tags: Tags, layout: Layout, size_bytes: int, name: str
) -> tuple[tuple[int, int], ...]:
    """Return the start and end of each segment in the file."""
    starts = _numbers(tags, TILE_OFFSETS if TILE_OFFSETS in tags else OFFSETS)
    counts = _numbers(tags, TILE_COUNTS if TILE_COUNTS in tags else COUNTS)
    across, down = (
        layout.packed_px // layout.segment_px[0],
        -(-layout.height_px // layout.segment_px[1]),
    )
    total = across * down * (layout.samples if layout.separate else 1)
    if not counts and layout.packing == 1 and len(starts) == 1:
        counts = [size_bytes - starts[0]]
    if min(len(starts), len(counts)) < total:
        raise BadPicture(
            "truncated",
            "picture-rows-unlocated",
            "{name} is damaged: its header does not give the places of all rows",
            name=name,
        )
    places = tuple(
        (start, start + count) for start, count in zip(starts[:total], counts, strict=False)
    )
    if any(start == end for start, end in places):
        raise BadPicture(
            "unsupported",
            "picture-tiff-sparse",
            "{name} is a sparse TIFF: parts of it were never written",
            name=name,
        )
    if max(end for _, end in places) > size_bytes:
        raise without_rows(name)
    return places


def without_pixels(data: bytes) -> Image.Image:
    """Return the picture opened for its metadata: by Pillow, or else one pixel with its tags."""
    with suppress(*PLUGIN_ERRORS):
        return Image.open(BytesIO(data), formats=("TIFF",))
    pixel = Image.new("L", (1, 1))
    pixel.format = "TIFF"
    with suppress(*PLUGIN_ERRORS):
        tags = _load(data)
        directory = TiffImagePlugin.ImageFileDirectory_v2()
        for tag in ABOUT & set(tags):
            directory[tag] = tags[tag]
        for tag in ABOUT_IN_DIRECTORIES & set(tags):
            directory[tag] = dict(_load(data, _number(tags, tag, 0)))
        buffer = BytesIO()
        pixel.save(buffer, "TIFF", tiffinfo=directory)
        return Image.open(BytesIO(buffer.getvalue()), formats=("TIFF",))
    return pixel


def of_a_sensor(data: bytes) -> bool:
    """Return whether a TIFF is a camera's raw file: a DNG, or one with its sensor's pixels.

    Smaller copies in further directories alone make no raw file: microscopes, Photoshop and
    geographic software write them too.
    """
    tags = _tags(data)
    if tags is None:
        return False
    if DNG_VERSION in tags:
        return True
    directories = [tags]
    for place in _numbers(tags, SUB_IFDS)[:MAX_DIRECTORIES]:
        with suppress(*PLUGIN_ERRORS):
            directories.append(_load(data, place))
    return any(
        _number(directory, PHOTOMETRIC, -1) in (MOSAIC, LINEAR)
        or _number(directory, PACKING, 1) in SENSOR_PACKINGS
        for directory in directories
    )


def packed_px(tags: Tags, width_px: int, height_px: int) -> int:
    """Return the pixels of a strip or tile, which libtiff unpacks at once; 0 without packing."""
    if _number(tags, PACKING, 1) == 1:
        return 0
    across, down = _segment(tags, width_px, height_px)
    return across * down


def describe(data: bytes) -> str | None:
    """Return the name of a TIFF's rare kind, if its header and pixels are in the file."""
    tags = _tags(data)
    if tags is None or WIDTH not in tags or HEIGHT not in tags:
        return None
    starts = _numbers(tags, TILE_OFFSETS if TILE_OFFSETS in tags else OFFSETS)
    counts = _numbers(tags, TILE_COUNTS if TILE_COUNTS in tags else COUNTS)
    ends = [start + count for start, count in zip(starts, counts, strict=False)]
    if not ends or max(ends) > len(data):
        return None
    bits = ", ".join(map(str, _numbers(tags, BITS) or [1]))
    return (
        f"a TIFF with channels of {bits} bits, sample format {_number(tags, SAMPLE_FORMAT, 1)}, "
        f"colours {_number(tags, PHOTOMETRIC, 1)} and compression {_number(tags, PACKING, 1)}"
    )


def _tags(data: bytes) -> Tags | None:
    """Return the tags of the first page; None where they can't be read."""
    try:
        return _load(data)
    except PLUGIN_ERRORS:
        return None


def _load(data: bytes, place: int | None = None) -> Tags:
    if data.startswith(BIG_MOTOROLA):  # Pillow looks for the mark where the other order has it
        tags = Tags(BIG_INTEL + data[4:16], prefix=data[:2])
    else:
        tags = Tags(data[: 16 if data.startswith(BIG_INTEL) else HEADER_BYTES])
    stream = BytesIO(data)
    stream.seek(tags.next if place is None else place)
    tags.load(stream)
    return tags


def _numbers(tags: Tags, tag: int) -> list[int]:
    value = tags.get(tag, ())
    values = value if isinstance(value, tuple) else (value,)
    return [int(number) for number in values if isinstance(number, int | float) and number >= 0]


def _number(tags: Tags, tag: int, default: int) -> int:
    return next(iter(_numbers(tags, tag)), default)
