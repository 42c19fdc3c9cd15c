"""Thumbnails: small WebP copies of pictures, and the folder that stores them."""

import hashlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from PIL import Image

from search.files.atomic_file import PRIVATE, write_atomic
from search.pictures.files import content_hash, load_file
from search.pictures.limits import DEFAULT_LIMITS, Limits
from search.pictures.reading import THE_PICTURE, read_picture
from search.records import Picture

# At 80 no blocks are seen at the size of a thumbnail; method 2 takes little more than half the time
# of the default, 4, for as many bytes.
QUALITY = 80
METHOD = 2

CHECKSUM_BYTES = 16

# The placeholder while a picture loads: about a hundred bytes, which the browser smooths.
PLACEHOLDER_PX = 16
PLACEHOLDER_QUALITY = 40


def thumbnail(
    source: Image.Image | Path | bytes,
    side_px: int,
    *,
    limits: Limits = DEFAULT_LIMITS,
    name: str = THE_PICTURE,
    drawings: bool = False,
) -> bytes:
    """Return a picture as WebP with sides of at most `side_px`; a smaller one keeps its size.

    `name` names bytes in messages, and `drawings` allows the rendering of an SVG, both as in
    `read_picture`.

    Raises:
        BadPicture: `source` is a file or bytes that can't be read as a picture.
    """
    if isinstance(source, Image.Image):
        picture = source.convert("RGB")
    else:
        # `read_picture` takes the shortest side, so this errs on the sharp side.
        picture, _ = read_picture(
            source, limits=limits, target_px=side_px, name=name, drawings=drawings
        )
    # Reducing by whole numbers first takes less than half the time, and at 2.0 looks the same.
    picture.thumbnail((side_px, side_px), Image.Resampling.LANCZOS, reducing_gap=2.0)
    buffer = BytesIO()
    picture.save(buffer, "WEBP", quality=QUALITY, method=METHOD)
    return buffer.getvalue()


class Thumbnails:
    """The thumbnails of indexed pictures, in a folder by content hash and side.

    A thumbnail's file is a WebP followed by the checksum of its bytes, which readers of WebP
    ignore. Deleting any part of the folder is safe at any time. Safe to call from many threads.
    """

    def __init__(self, folder: Path, limits: Limits = DEFAULT_LIMITS) -> None:
        self._folder = folder
        self._limits = limits

    def placeholder(self, picture: Picture) -> bytes | None:
        """Return a WebP of a few pixels to show first, stored with the first thumbnail."""
        return _read(self._path(picture.content_hash, PLACEHOLDER_PX))

    def find(self, content_hash: str, side_px: int) -> bytes | None:
        """Return the stored thumbnail of that content, or None."""
        return _read(self._path(content_hash, side_px))

    def of(self, picture: Picture, side_px: int) -> bytes:
        """Return the stored thumbnail, also of a deleted file, or else a new one.

        A damaged thumbnail is made again. A full or read-only disk only costs time: the
        thumbnail is returned all the same.

        Raises:
            BadPicture: no thumbnail is stored, and the picture can't be read.
        """
        stock = self.find(picture.content_hash, side_px)
        if stock is not None:
            return stock
        path = self._path(picture.content_hash, side_px)
        data = load_file(picture.path, self._limits)
        webp = thumbnail(data, side_px, limits=self._limits, drawings=True)
        # A file that was changed after indexing must not pass for its old content.
        if content_hash(data).hex() == picture.content_hash:
            _write(path, webp)
            self._keep_placeholder(picture, webp)
        return webp

    def _keep_placeholder(self, picture: Picture, webp: bytes) -> None:
        path = self._path(picture.content_hash, PLACEHOLDER_PX)
        if not path.exists():
            with Image.open(BytesIO(webp)) as small:
                _write(path, _placeholder(small))

    def _path(self, name: str, side_px: int) -> Path:
        return self._folder / name[:2] / f"{name}-{side_px}.webp"


def _placeholder(picture: Image.Image) -> bytes:
    picture.thumbnail((PLACEHOLDER_PX, PLACEHOLDER_PX))
    buffer = BytesIO()
    picture.save(buffer, "WEBP", quality=PLACEHOLDER_QUALITY, method=METHOD)
    return buffer.getvalue()


def _checksum(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=CHECKSUM_BYTES).digest()


def _read(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    data, checksum = content[:-CHECKSUM_BYTES], content[-CHECKSUM_BYTES:]
    return data if data and checksum == _checksum(data) else None


def _write(path: Path, data: bytes) -> None:
    """Write a thumbnail in one step, so that readers find it whole; a failure costs only time."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data + _checksum(data), mode=PRIVATE)
