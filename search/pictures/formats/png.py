"""Repair of PNG files that viewers show and Pillow refuses, by removing bad chunks."""

import struct
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from PIL import PngImagePlugin

from search.errors import BadPicture, Message
from search.pictures.faults import without_rows

SIGNATURE = b"\x89PNG\r\n\x1a\n"

# The bytes around a chunk's body: its length and its kind, and its checksum.
HEAD_BYTES, CHECKSUM_BYTES = 8, 4

HEADER, PIXELS, END = b"IHDR", b"IDAT", b"IEND"

# The chunks of a still picture, and of one that is not transparent.
NEEDED = (HEADER, b"PLTE", b"tRNS", PIXELS, END)
OPAQUE = (HEADER, b"PLTE", PIXELS, END)

# Chunks that Pillow ends at where they are shorter.
MIN_BYTES = {b"sRGB": 1, b"gAMA": 4, b"acTL": 8, b"pHYs": 9, b"cHRM": 32}

# Channels by the colour type in the header; passes of an interlaced picture, with the
# first column and row of each and the steps between (PNG, sections 6.1 and 8.2).
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)

UNPACKED_BYTES = 1 << 20

# Compressed texts and colour profiles, with Pillow's own limit of their unpacked size. Pillow
# stops at the first that is over it, or over the limit of all together.
PACKED = (b"zTXt", b"iTXt", b"iCCP")
TEXTS = (b"tEXt", *PACKED)
LARGEST_TEXT = PngImagePlugin.MAX_TEXT_CHUNK
LARGEST_TEXTS = PngImagePlugin.MAX_TEXT_MEMORY // 2

# Apple's own variant, whose pixels only Apple's decoder reads.
APPLE = b"CgBI"


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A chunk: `cut` where the file ends in it, `whole` where its checksum is right."""

    kind: bytes
    body: memoryview
    whole: bool = True
    cut: bool = False

    @property
    def critical(self) -> bool:
        return self.kind[:1].isupper()


def repair(data: bytes, name: str) -> bytes:
    """Return a PNG that Pillow can read, which is usually `data` itself.

    Chunks without pixels whose checksum is wrong, and texts that are too long, are removed; a
    missing end is added where all rows are there.

    Raises:
        BadPicture: a chunk that the pixels need is damaged, or rows are missing.
    """
    chunks: list[_Chunk] = []
    texts_bytes = 0
    differs = False
    for chunk in _chunks(data):
        if chunk.kind == APPLE:
            raise BadPicture(
                "unsupported",
                "picture-png-of-apple",
                "{name} is a PNG of Apple's own variant, which only Apple's decoder reads",
                name=name,
            )
        size_bytes = _text_bytes(chunk)
        if chunk.critical:
            _check(chunk, name)
        elif len(chunk.body) < MIN_BYTES.get(chunk.kind, 0):
            differs = True
            continue
        elif chunk.whole and texts_bytes + size_bytes <= LARGEST_TEXTS:
            texts_bytes += size_bytes
        else:
            differs = True
            continue
        differs |= not chunk.whole
        if chunk.kind != END or chunk.whole:
            chunks.append(chunk)
    if not chunks or chunks[-1].kind != END:
        if not _has_all_rows(chunks):
            raise without_rows(name)
        chunks.append(_Chunk(END, memoryview(b"")))
        differs = True
    return _join_chunks(chunks) if differs else data


def bare(data: bytes, kinds: Collection[bytes] = NEEDED) -> bytes:
    """Return the pixels of a repaired PNG alone, for a file whose other chunks are malformed."""
    return _join_chunks([chunk for chunk in _chunks(data) if chunk.kind in kinds])


def _has_all_rows(chunks: list[_Chunk]) -> bool:
    """Return whether the pixels unpack to as many bytes as the header declares."""
    header = next((chunk.body for chunk in chunks if chunk.kind == HEADER), memoryview(b""))
    try:
        left_bytes = _unpacked_bytes(header)
        unpacker = zlib.decompressobj()
        for chunk in chunks:
            rest: bytes | memoryview = chunk.body if chunk.kind == PIXELS else b""
            while rest and left_bytes > 0:
                left_bytes -= len(unpacker.decompress(rest, UNPACKED_BYTES))
                rest = unpacker.unconsumed_tail
    except (struct.error, KeyError, zlib.error):
        return False
    return left_bytes <= 0


def _unpacked_bytes(header: memoryview) -> int:
    width_px, height_px, depth, colour, *_, interlace = struct.unpack(">IIBBBBB", header)
    bits = depth * CHANNELS[colour]
    total = 0
    for left, top, across, down in PASSES if interlace else ((0, 0, 1, 1),):
        columns = -(-(width_px - left) // across) if width_px > left else 0
        rows = -(-(height_px - top) // down) if height_px > top else 0
        total += rows * (1 + (columns * bits + 7) // 8) if columns else 0
    return total


def _check(chunk: _Chunk, name: str) -> None:
    """Refuse a damaged chunk of the pixels; one that is cut off may still have all of them."""
    if chunk.whole or chunk.kind == END or (chunk.cut and chunk.kind == PIXELS):
        return
    kind = chunk.kind.decode("ascii")
    if chunk.cut:
        reason = Message("png-chunk-cut", "the file ends in it")
    else:
        reason = Message("png-chunk-changed", "its checksum is wrong")
    raise BadPicture(
        "truncated",
        "picture-chunk-damaged",
        "{name} is damaged in its chunk {kind}: {reason}",
        name=name,
        kind=kind,
        reason=reason,
    )


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """Yield the chunks up to the end, or up to the end of the file or of its valid chunks."""
    view = memoryview(data)
    place = len(SIGNATURE)
    while place + HEAD_BYTES <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        kind = data[place + 4 : place + HEAD_BYTES]
        if not kind.isalpha():
            return
        start, end = place + HEAD_BYTES, place + HEAD_BYTES + length
        place = end + CHECKSUM_BYTES
        body = view[start:end]
        right = view[end:place] == _checksum(kind, body)
        yield _Chunk(kind, body, right, place > len(data))
        if kind == END:
            return


def _text_bytes(chunk: _Chunk) -> int:
    """Return the unpacked size of a text or profile; more than the total limit, if over its own."""
    if chunk.kind not in TEXTS:
        return 0
    if chunk.kind not in PACKED:
        return len(chunk.body)
    try:
        # The stream follows a name and, in iTXt, flags and two more texts: each ends in a zero.
        size_bytes = _text_length(chunk)
    except (zlib.error, ValueError, IndexError):
        return len(chunk.body)  # not packed, or malformed
    return LARGEST_TEXTS + 1 if size_bytes > LARGEST_TEXT else size_bytes


def _text_length(chunk: _Chunk) -> int:
    parts = bytes(chunk.body).split(b"\0", 1)
    stream = parts[1][1:]
    if chunk.kind == b"iTXt":
        if parts[1][0] == 0:
            return len(chunk.body)
        stream = parts[1][2:].split(b"\0", 2)[2]
    return len(zlib.decompressobj().decompress(stream, LARGEST_TEXT + 1))


def _checksum(kind: bytes, body: memoryview) -> bytes:
    return struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def _join_chunks(chunks: list[_Chunk]) -> bytes:
    parts: list[bytes | memoryview] = [SIGNATURE]
    for chunk in chunks:
        parts += [struct.pack(">I", len(chunk.body)), chunk.kind, chunk.body]
        parts.append(_checksum(chunk.kind, chunk.body))
    return b"".join(parts)
