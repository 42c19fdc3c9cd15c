"""TIFFs of any layout, as in TIFF 6.0 and Adobe's technical note 3."""

import struct
import zlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[Any]

NONE, LZW, DEFLATE = 1, 5, 8
PHOTOMETRICS = {"miniswhite": 0, "minisblack": 1, "rgb": 2, "cmyk": 5}
FORMATS = {"u": 1, "i": 2, "f": 3}


@dataclass(frozen=True, slots=True)
class Way:
    """One of the layouts that can store the same samples."""

    order: Literal["<", ">"] = "<"
    separate: bool = False
    packing: int = NONE
    predictor: int = 1
    segment: tuple[int, int] | None = None
    """Width and height of a tile; without, strips of 16 rows."""
    big: bool = False


def tiff(
    samples: Samples, photometric: str, way: Way, extra: tuple[int, ...] = (), **tags: int
) -> bytes:
    """Return a TIFF of samples (height, width, channels) in a layout; `tags` are "_274": 6."""
    height, width, channels = samples.shape
    across, down = way.segment or (width, 16)
    planes = [samples[..., [each]] for each in range(channels)] if way.separate else [samples]
    segments = [
        _packed(_cut(plane, top, left, down, across, way.segment is not None), way)
        for plane in planes
        for top in range(0, height, down)
        for left in range(0, width, across)
    ]
    header = 16 if way.big else 8
    starts = [header + sum(map(len, segments[:place])) for place in range(len(segments))]
    counts = list(map(len, segments))
    entries: dict[int, list[int]] = {
        256: [width],
        257: [height],
        258: [samples.dtype.itemsize * 8] * channels,
        259: [way.packing],
        262: [PHOTOMETRICS[photometric]],
        277: [channels],
        284: [2 if way.separate else 1],
        317: [way.predictor],
        339: [FORMATS[samples.dtype.kind]] * channels,
        **({338: list(extra)} if extra else {}),
        **{int(name[1:]): [value] for name, value in tags.items()},
    }
    if way.segment:
        entries |= {322: [across], 323: [down], 324: starts, 325: counts}
    else:
        entries |= {273: starts, 278: [down], 279: counts}
    return _file(entries, segments, way)


def _cut(plane: Samples, top: int, left: int, down: int, across: int, padded: bool) -> Samples:
    part = plane[top : top + down, left : left + across]
    if not padded:
        return part
    missing = ((0, down - part.shape[0]), (0, across - part.shape[1]), (0, 0))
    return np.pad(part, missing, mode="edge")


def _packed(part: Samples, way: Way) -> bytes:
    stored = part.astype(part.dtype.newbyteorder(way.order))
    if way.predictor == 2:
        whole = np.ascontiguousarray(part).view(f"u{part.dtype.itemsize}")
        steps = np.diff(whole, axis=1, prepend=whole[:, :1] * 0)
        stored = steps.astype(steps.dtype.newbyteorder(way.order))
    elif way.predictor == 3:
        rows, width, channels = part.shape
        size = part.dtype.itemsize
        ranks = part.astype(part.dtype.newbyteorder(">")).view(np.uint8)
        ranks = ranks.reshape(rows, width * channels, size).swapaxes(1, 2)
        flat = np.ascontiguousarray(ranks).reshape(rows, width * size, channels)
        stored = np.diff(flat, axis=1, prepend=flat[:, :1] * 0)
    data = stored.tobytes()
    return (
        zlib.compress(data)
        if way.packing == DEFLATE
        else _lzw(data)
        if way.packing == LZW
        else data
    )


def _lzw(data: bytes) -> bytes:
    """Encode LZW without compression: the table is cleared before codes grow to 10 bits."""
    codes: list[int] = []
    for start in range(0, len(data), 250):
        codes += [256, *data[start : start + 250]]
    bits = "".join(f"{code:09b}" for code in [*codes, 257])
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _file(entries: dict[int, list[int]], segments: list[bytes], way: Way) -> bytes:
    order = way.order
    letters = b"II" if order == "<" else b"MM"
    pixels = b"".join(segments)
    header = 16 if way.big else 8
    start = header + len(pixels)
    entry_bytes, inline, number = (20, 8, "Q") if way.big else (12, 4, "I")
    beyond = start + (8 if way.big else 2) + entry_bytes * len(entries) + inline
    table, values = b"", b""
    for tag, numbers in sorted(entries.items()):
        packed = struct.pack(f"{order}{len(numbers)}I", *numbers)
        if len(packed) > inline:
            packed, values = struct.pack(order + number, beyond + len(values)), values + packed
        table += struct.pack(f"{order}HH{number}", tag, 4, len(numbers)) + packed.ljust(
            inline, b"\0"
        )
    if way.big:
        head = letters + struct.pack(f"{order}HHHQ", 43, 8, 0, start)
        count = struct.pack(f"{order}Q", len(entries))
    else:
        head = letters + struct.pack(f"{order}HI", 42, start)
        count = struct.pack(f"{order}H", len(entries))
    return head + pixels + count + table + bytes(inline) + values
