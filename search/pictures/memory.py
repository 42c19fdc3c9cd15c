"""The memory that decoding a picture takes, and the turns of large decodings."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout
from PIL import Image, TiffImagePlugin

from search.errors import BadPicture
from search.pictures.formats.tiff import packed_px
from search.pictures.limits import Limits

# Bytes that Pillow keeps for a pixel: four for any picture with more than one channel.
MODE_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2, "I;16N": 2}
WIDEST_MODE = 4

# More bytes a pixel that a format's library takes at its peak: measured at 25 megapixels
# with Pillow 13, pillow-heif 1.8 and pillow-jxl-plugin 1.3, and rounded up.
LIBRARY_BYTES = {"WEBP": 13, "AVIF": 9, "HEIF": 5, "JXL": 9, "PPM": 6, "BMP": 2}
JPEG2000_BYTES = 6  # of each channel: it computes in 32 bits
JPEG_XL_BYTES = WIDEST_MODE + LIBRARY_BYTES["JXL"]
PROGRESSIVE_BYTES = 2  # of each channel: coefficients are kept whole, even by `draft`

# A frame of an animation: the canvases of its decoder, and the copy that is written.
FRAME_BYTES = 24

# Decodings over this share of `Limits.max_decode_bytes` go one at a time: without turns each
# worker process and each thread of the server might do its largest at the same moment.
LARGE_SHARE = 4

# A picture larger than this is reduced as soon as it is decoded, to this factor over the target:
# at twice the size embeddings keep a cosine of 0.999 to those of the whole picture.
LARGE_PX = 16_000_000
SPARE = 2

_turn = threading.Lock()


def decoding_bytes(image: Image.Image, whole_px: int, pixels: int) -> int:
    """Return the peak memory of `image.load`.

    `whole_px` are the pixels in the file, `pixels` those that are decoded.
    """
    channels = len(image.getbands())
    base_bytes = pixels * _mode_bytes(image)
    if image.format == "JPEG2000":
        return base_bytes + pixels * channels * JPEG2000_BYTES
    if image.format in ("JPEG", "MPO") and image.info.get("progressive"):
        return base_bytes + whole_px * channels * PROGRESSIVE_BYTES
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return base_bytes + packed_px(image.tag_v2, *image.size) * _mode_bytes(image)
    return base_bytes + whole_px * LIBRARY_BYTES.get(image.format or "", 0)


def halvings(image: Image.Image, most: int, limits: Limits, target_px: int | None) -> int:
    """Return how often to halve the sides of a JPEG 2000 in decoding, `most` times at most."""
    width_px, height_px = image.size
    pixels = width_px * height_px
    enough = 0
    for count in range(1, most + 1):
        step = 1 << count
        # Pillow rounds halves where OpenJPEG rounds up, and refuses a picture of the other size.
        if any(0 < side % step < step // 2 for side in image.size):
            continue
        spare = target_px is not None and min(image.size) // step >= SPARE * target_px
        if decoding_bytes(image, pixels, pixels >> 2 * enough) > limits.max_decode_bytes or (
            spare and pixels > LARGE_PX
        ):
            enough = count
    return enough


def check_bytes(size_bytes: int, name: str, limits: Limits) -> None:
    """Raise BadPicture for a decoding that would take more memory than allowed."""
    if size_bytes > limits.max_decode_bytes:
        raise BadPicture(
            "too large",
            "picture-decoding-too-large",
            "decoding {name} would take {size_bytes:,} bytes of memory; it may take "
            "{max_decode_bytes:,} (LIMN_MAX_DECODE_BYTES)",
            name=name,
            size_bytes=size_bytes,
            max_decode_bytes=limits.max_decode_bytes,
        )


def factor(image: Image.Image, limits: Limits, target_px: int | None) -> int:
    """Return the divisor of a decoded picture's sides for its conversion to RGB.

    It leaves enough for `target_px`, and is large enough for both copies to fit in memory.
    """
    width_px, height_px = image.size
    pixels = width_px * height_px
    least = 1
    if target_px is not None and pixels > LARGE_PX:
        least = max(1, min(width_px, height_px) // (SPARE * target_px))
    room_bytes = limits.max_decode_bytes - pixels * _mode_bytes(image)
    while least**2 * room_bytes < pixels * WIDEST_MODE and least < max(image.size):
        least += 1
    return least


def _mode_bytes(image: Image.Image) -> int:
    return MODE_BYTES.get(image.mode, WIDEST_MODE)


@contextmanager
def turn(size_bytes: int, name: str, limits: Limits) -> Iterator[None]:
    """Wait for other large decodings, then block them; let a small decoding pass.

    Raises:
        BadPicture: the picture is over the limit, or waited too long ("timed out").
    """
    check_bytes(size_bytes, name, limits)
    if size_bytes <= limits.max_decode_bytes // LARGE_SHARE:
        yield
        return
    late = BadPicture(
        "timed out",
        "picture-turn-timed-out",
        "decoding {name} waited {wait_s:g} s for other large pictures; try again soon",
        name=name,
        wait_s=limits.wait_s,
    )
    if not _turn.acquire(timeout=limits.wait_s):
        raise late
    try:
        lock = _between_processes(limits, late)
        try:
            yield
        finally:
            if lock is not None:
                lock.release()
    finally:
        _turn.release()


def _between_processes(limits: Limits, late: BadPicture) -> FileLock | None:
    if limits.turns is None:
        return None
    lock = FileLock(limits.turns)
    try:
        lock.acquire(timeout=limits.wait_s)
    except Timeout as error:
        raise late from error
    except OSError:  # a read-only folder, a system without locks: turns in this process only
        return None
    return lock
