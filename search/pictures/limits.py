"""Limits on the size of a picture: its pixels, its file, and the memory of decoding it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest picture that is decoded, and the largest file that is read.

    250 megapixels are more than any camera makes. `max_decode_bytes` bounds the memory of one
    decoding without the file's own bytes; 1.5 GiB hold 250 megapixels of a format that is decoded
    in place (4 bytes a pixel), or 100 of one whose library makes copies of its own, like WebP.
    1 GiB is a picture of 250 megapixels as an uncompressed TIFF, metadata and all.

    `turns` is the file whose lock orders large decodings across processes; without it they take
    turns in each process alone. `wait_s` is how long a decoding waits for its turn: longer than
    any picture of the allowed size takes.
    """

    max_pixels: int = 250_000_000
    max_file_bytes: int = 1 << 30
    max_decode_bytes: int = 3 << 29
    turns: Path | None = None
    wait_s: float = 20.0


DEFAULT_LIMITS = Limits()
