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
from search.pictures.to_srgb import scale, scaled

HORIZONTAL, FLOATING = 2, 3
"""Predictors."""

# Most pixels of a rendered picture are below this many times its white.
BRIGHTEST = 4.0

# Bytes that are processed at a time.
BAND_BYTES = 16 << 20


def decode(data: bytes, found: Layout) -> Image.Image:
    """Return the picture with 8 bits a channel, its profile in `info`, before turning it upright.

    Raises:
        OSError: the pixels can't be unpacked.
    """
    per_plane = len(found.segments) // (found.samples if found.separate else 1)
    planes = [
        _unpacked(data, found, found.segments[first : first + per_plane])
        for first in range(0, len(found.segments), per_plane)
    ]
    colours = COLOURS[found.photometric]
    black, white = _ends(found, planes)
    alpha = next(
        (place for place, extra in enumerate(found.extra) if extra in (PREMULTIPLIED, ALPHA)), None
    )
    if found.photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB) or found.samples <= colours:
        alpha = None
    mode = {1: "L", 3: "RGB", 4: "CMYK"}[colours] if found.photometric != LAB else "LAB"
    premultiplied = alpha is not None and found.extra[alpha] == PREMULTIPLIED
    whole = mode if alpha is None else mode + "A"
    picture = Image.new(whole, (found.width_px, found.height_px))
    for top, values in _bands(found, planes):
        band = _lab(values) if mode == "LAB" else scaled(values[..., :colours], black, white)
        if found.photometric == WHITE_IS_ZERO:
            band = 255 - band
        if alpha is not None:
            veil = scaled(values[..., colours + alpha], 0.0, found.brightest)
            band = np.dstack([band, veil])
        stored = mode + "a" if premultiplied else whole
        strip = Image.frombytes(stored, (found.width_px, len(band)), band.tobytes())
        picture.paste(strip.convert(whole) if premultiplied else strip, (0, top))
    if found.profile:
        picture.info["icc_profile"] = found.profile
    return picture


def _ends(found: Layout, planes: list[Image.Image]) -> tuple[float, float]:
    """Return the values of black and white."""
    if found.kind == "u" and found.bytes_each < 4:
        return 0.0, found.brightest
    low, high, bright = np.inf, -np.inf, []
    for _, values in _bands(found, planes):
        colours = values[..., : COLOURS[found.photometric]]
        known = colours[np.isfinite(colours)]
        if known.size:
            low, high = min(low, float(known.min())), max(high, float(known.max()))
            bright.append(np.percentile(known[:: max(1, known.size >> 16)].astype(np.float64), 99))
    if not bright:
        return 0.0, 1.0
    # In rendered pictures 1 is white, and lights and reflections are above it.
    if found.kind == "f" and found.photometric == RGB and 1 / 64 < max(bright) <= BRIGHTEST:
        return 0.0, 1.0
    return scale(low, high)


def _lab(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return L*a*b* as Pillow stores it: the top byte of each channel, as a and b are signed."""
    return (values[..., :3].astype(np.uint16) >> (8 * (values.dtype.itemsize - 1))).astype(np.uint8)


def _unpacked(data: bytes, found: Layout, segments: tuple[tuple[int, int], ...]) -> Image.Image:
    """Return the bytes of some segments as grey pixels: rows of samples as in the file."""
    width = found.channels * found.bytes_each
    starts, place = [], HEADER_BYTES
    for start, end in segments:
        starts.append(place)
        place += end - start
    tags = [
        (WIDTH, [found.packed_px * width]),
        (HEIGHT, [found.height_px]),
        (BITS, [8]),
        (PACKING, [found.packing]),
        (PHOTOMETRIC, [BLACK_IS_ZERO]),
        (FILL_ORDER, [found.fill_order]),
        (TILE_OFFSETS if found.tiled else OFFSETS, starts),
        (TILE_COUNTS if found.tiled else COUNTS, [end - start for start, end in segments]),
    ]
    if found.tiled:
        tags += [(TILE_WIDTH, [found.segment_px[0] * width]), (TILE_HEIGHT, [found.segment_px[1]])]
    else:
        tags += [(ROWS_PER_STRIP, [found.segment_px[1]])]
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
        packed = struct.pack(f"<{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            packed, values = struct.pack("<I", beyond + len(values)), values + packed
        entries += struct.pack("<HHI", tag, 4, len(numbers)) + packed
    return struct.pack("<H", len(tags)) + entries + bytes(4) + values


def _bands(found: Layout, planes: list[Image.Image]) -> Iterator[tuple[int, NDArray[np.generic]]]:
    """Yield the samples in bands: the first row's number, and (rows, width, samples)."""
    row_bytes = found.packed_px * found.samples * found.bytes_each
    rows = max(1, BAND_BYTES // row_bytes)
    for top in range(0, found.height_px, rows):
        bottom = min(top + rows, found.height_px)
        parts = []
        for plane in planes:
            band = plane.crop((0, top, plane.width, bottom))
            stored = np.frombuffer(band.tobytes(), np.uint8).reshape(bottom - top, -1)
            parts.append(_samples(found, stored)[:, : found.width_px])
        yield top, parts[0] if len(parts) == 1 else np.concatenate(parts, axis=2)


def _samples(found: Layout, stored: NDArray[np.uint8]) -> NDArray[np.generic]:
    """Return rows of bytes as (rows, width, channels), predictor undone (TIFF 6.0, section 14)."""
    rows = len(stored)
    width, channels = found.segment_px[0], found.channels
    if found.predictor == FLOATING:
        # Adobe's technical note 3: the bytes of a row by their rank, the highest first.
        steps = stored.reshape(rows, -1, width * found.bytes_each, channels)
        ranked = np.cumsum(steps, axis=2, dtype=np.uint8)
        ranked = ranked.reshape(rows, -1, found.bytes_each, width * channels)
        joined = np.ascontiguousarray(ranked.swapaxes(2, 3))
        values = joined.view(np.dtype(f">f{found.bytes_each}"))
        return values.reshape(rows, -1, channels)
    if found.predictor == HORIZONTAL:
        whole = np.dtype(f"{found.order}u{found.bytes_each}")
        steps = stored.view(whole).reshape(rows, -1, width, channels)
        summed = np.cumsum(steps, axis=2, dtype=whole.newbyteorder("="))
        return summed.view(found.dtype.newbyteorder("=")).reshape(rows, -1, channels)
    return stored.view(found.dtype).reshape(rows, -1, channels)
