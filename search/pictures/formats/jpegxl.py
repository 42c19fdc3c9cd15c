"""JPEG XL, which a plugin reads for Pillow: its signatures, and the size in its header."""

import importlib.util

from search.errors import BadPicture
from search.packages.installing import install_extra

NAME = "JXL"

# The two layouts: bare, and in boxes.
BARE = b"\xff\x0a"
STARTS = (BARE, b"\0\0\0\x0cJXL \r\n\x87\n")

# Boxes with the picture; a part of one has its number before it.
BOXES = {b"jxlc": 0, b"jxlp": 4}

# ISO/IEC 18181-1, size header: the bits of a side by its selector, and width to height by ratio.
SIDE_BITS = (9, 13, 18, 30)
RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


def is_jpeg_xl(data: bytes) -> bool:
    """Return whether a file's first bytes are a codestream's or a container's of JPEG XL."""
    return data.startswith(STARTS)


def register() -> None:
    """Register the plugin with Pillow.

    Raises:
        BadPicture: the plugin is not installed.
    """
    if importlib.util.find_spec("pillow_jxl") is None:
        raise BadPicture(
            "unsupported",
            "picture-package-missing-jpegxl",
            "a JPEG XL is read with pillow-jxl-plugin, which is under the GPL: {install}",
            install=install_extra("sources"),
        )
    from pillow_jxl import JpegXLImagePlugin

    JpegXLImagePlugin.DECODE_THREADS = 1  # there are as many worker processes as cores


def size(data: bytes) -> tuple[int, int] | None:
    """Return the width and height in the header, not yet turned; None without a whole header.

    The plugin decodes a whole picture when it opens it, so this check comes first.
    """
    header = _header(data)
    return None if header is None else _size(header)


def orientation(data: bytes) -> int:
    """Return the orientation in the codestream, from 1 to 8 as in EXIF."""
    header = _header(data)
    if header is None:
        return 1
    _size(header)
    all_default = header.take(1)
    if all_default or not header.take(1):  # ISO/IEC 18181-1, image metadata: no extra fields
        return 1
    return header.take(3) + 1


def _header(data: bytes) -> "_Bits | None":
    start = _codestream(data)
    header = data[start : start + 2 + 16]
    if len(header) < 10 or not header.startswith(BARE):
        return None
    return _Bits(header[2:])


def _size(bits: "_Bits") -> tuple[int, int]:
    small = bits.take(1) == 1
    height_px = _side(bits, small)
    ratio = bits.take(3)
    if ratio == 0:
        return _side(bits, small), height_px
    across, down = RATIOS[ratio - 1]
    return height_px * across // down, height_px


def _codestream(data: bytes) -> int:
    if data.startswith(BARE):
        return 0
    places = [
        place + 4 + skip_bytes
        for box, skip_bytes in BOXES.items()
        if (place := data.find(box)) >= 0
    ]
    return min(places, default=len(data))


def _side(bits: "_Bits", small: bool) -> int:
    if small:
        return (bits.take(5) + 1) * 8
    return bits.take(SIDE_BITS[bits.take(2)]) + 1


class _Bits:
    """A reader of the bits of bytes, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._left = int.from_bytes(data, "little")

    def take(self, count: int) -> int:
        value = self._left & ((1 << count) - 1)
        self._left >>= count
        return value
