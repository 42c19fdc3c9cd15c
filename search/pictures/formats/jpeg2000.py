"""The header of a JPEG 2000: its channels, and how often decoding may halve its sides."""

import struct
from dataclasses import dataclass

# ISO/IEC 15444-1, annex A: the start of a codestream and its size segment, and two more markers.
START = b"\xff\x4f\xff\x51"
SIZE, CODING, FIRST_TILE = 0xFF51, 0xFF52, 0xFF90

HEADER_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Header:
    """The bits of each channel, whether all have the picture's size, and halvings."""

    bits: tuple[int, ...]
    even: bool
    halvings: int


def header(data: bytes) -> Header | None:
    """Return the header of the first codestream; None where it ends early."""
    start = data.find(START)
    if start < 0:
        return None
    place = start + 2
    bits: tuple[int, ...] = ()
    even = True
    try:
        while place < start + HEADER_BYTES:
            marker, length = struct.unpack_from(">HH", data, place)
            if marker == SIZE:
                (channels,) = struct.unpack_from(">H", data, place + 38)
                details = data[place + 40 : place + 40 + 3 * channels]
                bits = tuple((depth & 0x7F) + 1 for depth in details[::3])
                even = set(details[1::3]) | set(details[2::3]) == {1}
            elif marker == CODING:
                return Header(bits, even, data[place + 9])
            elif marker == FIRST_TILE:
                break
            place += 2 + length
    except (struct.error, IndexError):
        pass
    return None
