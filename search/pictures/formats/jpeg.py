"""JPEGs without their end marker: the check whether all of their rows are complete."""

import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import Image

from search.pictures.to_srgb import bands

END = b"\xff\xd9"
SCAN, PROGRESSIVE, RESTARTS = 0xDA, (0xC2, 0xCA), range(0xD0, 0xD8)

# The bytes that may follow the last bits: an interrupted copy's zeros, half of an end marker.
PADDING = b"\0\xff"

# Continuations that differ in every bit. A decoder that still needs bits, or a part that begins
# with a restart marker, decodes other pixels from each; a complete one ignores what follows.
FILLS = (b"\x55" * 512, b"\xaa" * 512)
TAILS = (
    b"",
    *(fill * 8 for fill in FILLS),
    *(b"".join(bytes((0xFF, marker)) + fill for marker in RESTARTS) * 2 for fill in FILLS),
)

# Coefficients of a block; the first is the mean, and has scans of its own.
COEFFICIENTS = 64


def has_end(data: bytes, header_bytes: int) -> bool:
    """Return whether an end marker follows the header; a preview in the header has its own."""
    return data.rfind(END, header_bytes) >= 0  # whole files have it where this search begins


def append_end(data: bytes, header_bytes: int) -> bytes | None:
    """Return a JPEG that lacks its end marker, with one; None where rows are missing too."""
    body = data.rstrip(PADDING)
    if len(body) <= header_bytes or not _has_all_scans(body):
        return None
    first, *others = (_pixels(body + tail + END) for tail in TAILS)
    return body + END if first is not None and all(other == first for other in others) else None


def _pixels(data: bytes) -> int | None:
    """Return a checksum of all pixels."""
    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as image:
            image.load()
            checksum = 0
            for _, band in bands(image):
                checksum = zlib.crc32(band.tobytes(), checksum)
            return checksum
    except (OSError, ValueError, SyntaxError):
        return None


def _has_all_scans(data: bytes) -> bool:
    """Return whether a progressive JPEG has all bits of its coefficients; others have one scan."""
    missing: dict[int, list[bool]] = {}
    progressive = False
    for marker, body in _segments(data):
        if marker in PROGRESSIVE:
            progressive = True
            missing = {part: [True] * COEFFICIENTS for part in body[6::3]}
        elif marker == SCAN and body:
            count = body[0]
            first, last, bits = body[1 + 2 * count : 4 + 2 * count]
            if bits & 0xF:  # lower bits are left to a later scan
                continue
            for part in body[1 : 1 + 2 * count : 2]:
                if part in missing:
                    missing[part][first : last + 1] = [False] * (last + 1 - first)
    return not progressive or not any(any(flags) for flags in missing.values())


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield markers and their segments; entropy-coded data is skipped."""
    place = 2
    while (place := data.find(b"\xff", place)) >= 0 and place + 4 <= len(data):
        marker = data[place + 1]
        if marker in (0, 0xFF) or marker in RESTARTS:
            place += 2 if marker != 0xFF else 1
            continue
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        yield marker, data[place + 4 : place + 2 + length]
        place += 2 + length
