"""Rare kinds of known formats, which no decoder here reads though the file may be whole."""

import re
import struct
from io import BytesIO

from search.pictures import pillow_setup
from search.pictures.formats import jpeg2000, tiff

# The start of a JPEG's frame by its marker: all but the tables and the like among C0 to CF.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
LOSSLESS = (0xC3, 0xC7, 0xCB, 0xCF)
HIERARCHICAL = (0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF)

# Messages of decoders that report a limit of their own.
NOT_READ = re.compile(
    r"unsupported|not (supported|implemented|been built in)|no codec|unknown (codec|version)",
    re.IGNORECASE,
)


def rarity(data: bytes, kind: str, error: BaseException) -> str | None:
    """Return a name of the rare kind of a known format; None for a damaged file.

    `error` is the decoder's.
    """
    match kind:
        case "JPEG":
            return _jpeg(data)
        case "TIFF":
            return tiff.describe(data)
        case "JPEG2000":
            return _jpeg_2000(data)
        case "HEIF":
            message = _heif(data)
        case _:
            message = str(error)
    return f"a {kind} of a rare kind ({message})" if NOT_READ.search(message) else None


def _jpeg(data: bytes) -> str | None:
    place = 2
    while place + 10 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker in FRAMES:
            bits, channels = data[place + 4], data[place + 9]
            if marker in LOSSLESS:
                return "a lossless JPEG"
            if marker in HIERARCHICAL:
                return "a hierarchical JPEG"
            if bits != 8 or channels not in (1, 3, 4):
                return f"a JPEG with {channels} channels of {bits} bits"
            return None
        place += 2 + int(struct.unpack_from(">H", data, place + 2)[0])
    return None


def _jpeg_2000(data: bytes) -> str | None:
    header = jpeg2000.header(data)
    if header is None or (header.even and len(header.bits) <= 4 and max(header.bits) <= 16):
        return None
    bits = ", ".join(map(str, header.bits))
    return f"a JPEG 2000 with channels of {bits} bits{'' if header.even else ' and several sizes'}"


def _heif(data: bytes) -> str:
    """Return the decoder's message, which Pillow does not pass on."""
    import pillow_heif

    try:
        file = pillow_heif.open_heif(BytesIO(data))
        if not len(file):  # it skips pictures of an unknown codec
            return "no codec for its pictures"
        file.to_pillow()
    except pillow_setup.PLUGIN_ERRORS as error:
        return str(error)
    return ""
