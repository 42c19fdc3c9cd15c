"""Animations (GIF, APNG, WebP): their first and middle frames, by number."""

from contextlib import suppress
from io import BytesIO
from pathlib import Path

from PIL import Image

from search.errors import BadPicture
from search.pictures import pillow_setup
from search.pictures.containers.members import check_length
from search.pictures.faults import absent
from search.pictures.formats import png
from search.pictures.limits import DEFAULT_LIMITS, Limits
from search.pictures.memory import FRAME_BYTES, turn
from search.pictures.metadata.reading import read_facts
from search.pictures.orientation import stored_turn, upright
from search.records import PictureFacts

FORMATS = ("GIF", "PNG", "WEBP")

# A frame builds on all before it: the middle of a longer animation is searched no further.
FURTHEST = 250


class Animation:
    """An animation's file. A picture's name is the number of its frame, from 0.

    The file is opened again for each frame: open, it would keep whole canvases in memory.
    """

    def __init__(self, path: Path, limits: Limits = DEFAULT_LIMITS) -> None:
        pillow_setup.ready()
        self._facts: PictureFacts | None = None
        self._limits = limits
        try:
            self._data = _repair(path.read_bytes())
            with Image.open(BytesIO(self._data), formats=FORMATS) as image:
                self._count = getattr(image, "n_frames", 1)
                self._size = image.size
        except pillow_setup.PLUGIN_ERRORS as error:
            raise BadPicture(
                "truncated",
                "picture-animation-unreadable",
                "the animation can't be read: {error}",
                error=error,
            ) from error

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return the frame as an upright TIFF, without EXIF, which would turn it again."""
        if not name.isdecimal() or not name.isascii() or int(name) >= self._count:
            raise absent(name)
        pixels = self._size[0] * self._size[1]
        check_length(pixels * 4, name, most_bytes)
        buffer = BytesIO()
        with turn(pixels * FRAME_BYTES, f"frame {name}", self._limits):
            try:
                with Image.open(BytesIO(self._data), formats=FORMATS) as image:
                    image.seek(int(name))
                    frame = upright(image.convert("RGBA"), stored_turn(image))
            except pillow_setup.PLUGIN_ERRORS as error:
                raise BadPicture(
                    "truncated",
                    "picture-frame-damaged",
                    "frame {frame} is damaged: {error}",
                    frame=name,
                    error=error,
                ) from error
            # Not compressed: another version of a compressor would give other bytes for one frame.
            frame.save(buffer, "TIFF")
        return buffer.getvalue()

    def facts(self) -> PictureFacts:
        """Return the facts of the file, which are those of every frame."""
        if self._facts is None:
            # An image of its own: chunks after the frames of a PNG are read with the last frame.
            with Image.open(BytesIO(self._data), formats=FORMATS) as image:
                with suppress(*pillow_setup.PLUGIN_ERRORS):
                    image.load()
                self._facts = read_facts(image, *image.size, self._data)
        return self._facts

    def close(self) -> None:
        """Release the file's bytes."""
        self._data = b""


def frames(data: bytes) -> tuple[str, ...]:
    """Return the names of the first and the middle frame; none for a picture without motion.

    A damaged animation counts as one without motion: reading it reports the damage.
    """
    pillow_setup.ready()
    try:
        with Image.open(BytesIO(_repair(data)), formats=FORMATS) as image:
            count = getattr(image, "n_frames", 1)
    except (*pillow_setup.PLUGIN_ERRORS, BadPicture):
        return ()
    return ("0", str(min(count // 2, FURTHEST))) if count > 1 else ()


def _repair(data: bytes) -> bytes:
    return png.repair(data, "the animation") if data.startswith(png.SIGNATURE) else data
