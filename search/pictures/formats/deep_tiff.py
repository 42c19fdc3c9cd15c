"""The pixels of TIFFs that Pillow gets wrong or refuses: deep, float, signed, plane by plane.

Pillow's libtiff unpacks them as bytes, by a header that declares every byte a grey pixel; the
bytes are interpreted here. So every packing that libtiff knows is read, and tiles too. The
package tifffile would need another, of 80 MB, for LZW, Zstandard and the predictor of floats.
"""

import struct
from collections.abc import Iterator
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from search.pictures.formats.tiff import (
    ALPHA,
    BITS,
    BLACK_IS_ZERO,
    COLOURS,
    COUNTS,
    FILL_ORDER,
    HEADER_BYTES,
    HEIGHT,
    LAB,
    OFFSETS,
    PACKING,
    PHOTOMETRIC,
    PREMULTIPLIED,
    RGB,
    ROWS_PER_STRIP,
    TILE_COUNTS,
    TILE_HEIGHT,
    TILE_OFFSETS,
    TILE_WIDTH,
    WHITE_IS_ZERO,
    WIDTH,
    Layout,
)
from search.pictures.to_srgb import scale, to_levels

HORIZONTAL, FLOATING = 2, 3
"""Predictors."""

# Most pixels of a rendered picture are below this many times its white.
BRIGHTEST = 4.0

# Bytes that are processed at a time.
BAND_BYTES = 16 << 20


def decode(data: bytes, layout: Layout) -> Image.Image:
    """Return the picture with 8 bits a channel, its profile in `info`, before turning it upright.

    Raises:
        OSError: the pixels can't be unpacked.
    """
    per_plane = len(layout.segments) // (layout.samples if layout.separate else 1)
    planes = [
        _unpack(data, layout, layout.segments[first : first + per_plane])
        for first in range(0, len(layout.segments), per_plane)
    ]
    colours = COLOURS[layout.photometric]
    black, white = _ends(layout, planes)
    alpha = next(
        (place for place, extra in enumerate(layout.extra) if extra in (PREMULTIPLIED, ALPHA)), None
    )
    if layout.photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB) or layout.samples <= colours:
        alpha = None
    mode = {1: "L", 3: "RGB", 4: "CMYK"}[colours] if layout.photometric != LAB else "LAB"
    is_premultiplied = alpha is not None and layout.extra[alpha] == PREMULTIPLIED
    whole = mode if alpha is None else mode + "A"
    picture = Image.new(whole, (layout.width_px, layout.height_px))
    for top, values in _bands(layout, planes):
        band = _lab(values) if mode == "LAB" else to_levels(values[..., :colours], black, white)
        if layout.photometric == WHITE_IS_ZERO:
            band = 255 - band
        if alpha is not None:
            veil = to_levels(values[..., colours + alpha], 0.0, layout.brightest)
            band = np.dstack([band, veil])
        strip_mode = mode + "a" if is_premultiplied else whole
        strip = Image.frombytes(strip_mode, (layout.width_px, len(band)), band.tobytes())
        picture.paste(strip.convert(whole) if is_premultiplied else strip, (0, top))
    if layout.profile:
        picture.info["icc_profile"] = layout.profile
    return picture


def _ends(layout: Layout, planes: list[Image.Image]) -> tuple[float, float]:
    """Return the values of black and white."""
    if layout.kind == "u" and layout.bytes_each < 4:
        return 0.0, layout.brightest
    low, high, bright = np.inf, -np.inf, []
    for _, values in _bands(layout, planes):
        colours = values[..., : COLOURS[layout.photometric]]
        finite = colours[np.isfinite(colours)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
            bright.append(
                np.percentile(finite[:: max(1, finite.size >> 16)].astype(np.float64), 99)
            )
    if not bright:
        return 0.0, 1.0
    # In rendered pictures 1 is white, and lights and reflections are above it.
    if layout.kind == "f" and layout.photometric == RGB and 1 / 64 < max(bright) <= BRIGHTEST:
        return 0.0, 1.0
    return scale(low, high)


def _lab(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return L*a*b* as Pillow stores it: the top byte of each channel, as a and b are signed."""
    return (values[..., :3].astype(np.uint16) >> (8 * (values.dtype.itemsize - 1))).astype(np.uint8)


def _unpack(data: bytes, layout: Layout, segments: tuple[tuple[int, int], ...]) -> Image.Image:
    """Return the bytes of some segments as grey pixels: rows of samples as in the file."""
    width = layout.channels * layout.bytes_each
    starts, place = [], HEADER_BYTES
    for start, end in segments:
        starts.append(place)
        place += end - start
    tags = [
        (WIDTH, [layout.packed_px * width]),
        (HEIGHT, [layout.height_px]),
        (BITS, [8]),
        (PACKING, [layout.packing]),
        (PHOTOMETRIC, [BLACK_IS_ZERO]),
        (FILL_ORDER, [layout.fill_order]),
        (TILE_OFFSETS if layout.is_tiled else OFFSETS, starts),
        (TILE_COUNTS if layout.is_tiled else COUNTS, [end - start for start, end in segments]),
    ]
    if layout.is_tiled:
        tags += [
            (TILE_WIDTH, [layout.segment_px[0] * width]),
            (TILE_HEIGHT, [layout.segment_px[1]]),
        ]
    else:
        tags += [(ROWS_PER_STRIP, [layout.segment_px[1]])]
    directory = _directory(sorted(tags), place)
    header = b"II*\0" + struct.pack("<I", place)
    view = memoryview(data)
    parts = [view[start:end] for start, end in segments]
    image = Image.open(BytesIO(b"".join([header, *parts, directory])), formats=("TIFF",))
    image.load()
    return image


def _directory(tags: list[tuple[int, list[int]]], place: int) -> bytes:
    """Return an image file directory at the offset `place`; all values are 32-bit numbers."""
    entries, values = b"", b""
    beyond = place + 2 + 12 * len(tags) + 4
    for tag, numbers in tags:
        field = struct.pack(f"<{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            field, values = struct.pack("<I", beyond + len(values)), values + field
        entries += struct.pack("<HHI", tag, 4, len(numbers)) + field
    return struct.pack("<H", len(tags)) + entries + bytes(4) + values


def _bands(layout: Layout, planes: list[Image.Image]) -> Iterator[tuple[int, NDArray[np.generic]]]:
    """Yield the samples in bands: the first row's number, and (rows, width, samples)."""
    row_bytes = layout.packed_px * layout.samples * layout.bytes_each
    rows = max(1, BAND_BYTES // row_bytes)
    for top in range(0, layout.height_px, rows):
        bottom = min(top + rows, layout.height_px)
        parts = []
        for plane in planes:
            band = plane.crop((0, top, plane.width, bottom))
            raw = np.frombuffer(band.tobytes(), np.uint8).reshape(bottom - top, -1)
            parts.append(_samples(layout, raw)[:, : layout.width_px])
        yield top, parts[0] if len(parts) == 1 else np.concatenate(parts, axis=2)


def _samples(layout: Layout, raw: NDArray[np.uint8]) -> NDArray[np.generic]:
    """Return rows of bytes as (rows, width, channels), predictor undone (TIFF 6.0, section 14)."""
    rows = len(raw)
    width, channels = layout.segment_px[0], layout.channels
    if layout.predictor == FLOATING:
        # Adobe's technical note 3: the bytes of a row by their rank, the highest first.
        steps = raw.reshape(rows, -1, width * layout.bytes_each, channels)
        ranks = np.cumsum(steps, axis=2, dtype=np.uint8)
        ranks = ranks.reshape(rows, -1, layout.bytes_each, width * channels)
        samples = np.ascontiguousarray(ranks.swapaxes(2, 3))
        values = samples.view(np.dtype(f">f{layout.bytes_each}"))
        return values.reshape(rows, -1, channels)
    if layout.predictor == HORIZONTAL:
        whole = np.dtype(f"{layout.order}u{layout.bytes_each}")
        steps = raw.view(whole).reshape(rows, -1, width, channels)
        sums = np.cumsum(steps, axis=2, dtype=whole.newbyteorder("="))
        return sums.view(layout.dtype.newbyteorder("=")).reshape(rows, -1, channels)
    return raw.view(layout.dtype).reshape(rows, -1, channels)
