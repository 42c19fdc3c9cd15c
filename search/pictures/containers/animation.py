"""Animations (GIF, APNG, WebP): their first and middle frames, by number."""

from contextlib import suppress
from io import BytesIO
from pathlib import Path

from PIL import Image

from search.errors import BadPicture
from search.pictures import pillow
from search.pictures.containers import absent, check_length
from search.pictures.metadata import read_facts
from search.records import PictureFacts

FORMATS = ("GIF", "PNG", "WEBP")

# A frame is made of all before it: the middle of a longer animation is looked for no further.
FURTHEST = 250


class Animation:
    """An open animation. A picture's name is the number of its frame, from 0."""

    def __init__(self, path: Path) -> None:
        pillow.ready()
        self._data = path.read_bytes()
        self._facts: PictureFacts | None = None
        try:
            self._image = Image.open(BytesIO(self._data), formats=FORMATS)
            self._count = getattr(self._image, "n_frames", 1)
        except pillow.PLUGIN_ERRORS as error:
            raise BadPicture(f"the animation can't be read: {error}", "truncated") from error

    def read(self, name: str, most_bytes: int) -> bytes:
        if not name.isdecimal() or not name.isascii() or int(name) >= self._count:
            raise absent(name)
        width_px, height_px = self._image.size
        check_length(width_px * height_px * 4, name, most_bytes)
        written = BytesIO()
        try:
            self._image.seek(int(name))
            # Not compressed: another version of a compressor would make other bytes of the same.
            self._image.convert("RGBA").save(written, "TIFF")
        except pillow.PLUGIN_ERRORS as error:
            raise BadPicture(f"frame {name} is damaged: {error}", "truncated") from error
        return written.getvalue()

    def facts(self) -> PictureFacts:
        """Return the facts of the file, which are those of every frame."""
        if self._facts is None:
            # An image of its own: what stands behind the frames of a PNG is read with the last.
            with Image.open(BytesIO(self._data), formats=FORMATS) as image:
                with suppress(*pillow.PLUGIN_ERRORS):
                    image.load()
                self._facts = read_facts(image, *image.size, self._data)
        return self._facts

    def close(self) -> None:
        self._image.close()


def frames(data: bytes) -> tuple[str, ...]:
    """The names of the first and the middle frame; none of a picture that does not move.

    One that is damaged counts as one that does not move: reading it says what is wrong.
    """
    pillow.ready()
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            count = getattr(image, "n_frames", 1)
    except pillow.PLUGIN_ERRORS:
        return ()
    return ("0", str(min(count // 2, FURTHEST))) if count > 1 else ()
