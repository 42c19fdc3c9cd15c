"""JPEGs without their end marker: whether all of their rows are there all the same."""

from io import BytesIO

from PIL import Image

END = b"\xff\xd9"

# What may stand behind the last bits: an interrupted copy's zeros, half of an end marker.
PADDING = b"\0\xff"

# Continuations that differ in every bit, neither of them a marker. A decoder that still wants bits
# makes other pixels of each; one that has them all passes over whatever follows.
TAILS = (b"", b"\x55" * 4096, b"\xaa" * 4096, b"\x3c\x96\x00" * 1024)


def ended(data: bytes, header_bytes: int) -> bytes | None:
    """A JPEG with its end marker, which mostly is `data` itself; None where rows are missing.

    Whole files have the marker at their end, where this begins to look; it ends before
    `header_bytes`, for an embedded preview has a marker of its own.
    """
    if data.rfind(END, header_bytes) >= 0:
        return data
    kept = data.rstrip(PADDING)
    if len(kept) <= header_bytes:
        return None
    first, *others = (_pixels(kept + tail + END) for tail in TAILS)
    return kept + END if first is not None and all(each == first for each in others) else None


def _pixels(data: bytes) -> bytes | None:
    """The lower part of the picture, where what is missing would be."""
    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as image:
            image.load()
            return image.tobytes()
    except (OSError, ValueError, SyntaxError):
        return None
