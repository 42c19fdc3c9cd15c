"""Original files of pictures, for a page or a download, never as active content."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from search.engine import Engine
from search.errors import BadPicture, NotFound, system_reason
from search.pictures import load_file
from search.pictures.containers import animation_of
from search.records import Picture
from web.services.confined import ConfinedFiles
from web.services.downloads import file_of, name_of
from web.services.file_names import portable
from web.services.films import moment_of

# Media types by the format decoded at indexing, whatever the file's name. Other formats are sent
# for download alone.
TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
    "HEIF": "image/heif",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
    "BMP": "image/bmp",
    "JPEG2000": "image/jp2",
    "PPM": "image/x-portable-pixmap",
}


@dataclass(frozen=True, slots=True)
class Original:
    """A file to send, on disk or in memory; bytes in memory come with their `etag`."""

    file: Path | BytesIO
    name: str
    mimetype: str | None
    etag: str | None = None


class Originals:
    """The original files of an engine's pictures."""

    def __init__(self, engine: Engine, confined_files: ConfinedFiles) -> None:
        self._engine = engine
        self._confined_files = confined_files

    def find(self, picture: Picture) -> Original:
        """Return the original file of a picture.

        The original of an animation's frame is the animation; a film's frame becomes a JPEG.

        Raises:
            NotFound: the file or its archive is missing, or a link leads out of the allowed
                folders.
        """
        source = self._confined_files.check_file(picture)
        limits = self._engine.limits
        with not_found_if_unreadable(f"the file of picture {picture.id}"):
            if moment_of(picture) is not None:
                frame = BytesIO(file_of(picture, limits))
                return Original(
                    frame, name_of(picture), "image/jpeg", f"{picture.content_hash}-jpeg"
                )
            path = animation_of(source) or source
            name = portable(path.name, path.suffix) if path != source else name_of(picture)
            mimetype = TYPES.get(picture.facts.format)
            if path.is_file():
                return Original(path, name, mimetype)
            return Original(BytesIO(load_file(path, limits)), name, mimetype, picture.content_hash)


@contextmanager
def not_found_if_unreadable(what: str) -> Iterator[None]:
    """Raise NotFound where the file that `what` names can't be opened or read."""
    try:
        yield
    except (OSError, BadPicture) as error:
        why = error.message if isinstance(error, BadPicture) else system_reason(error)
        raise NotFound(
            "original-unreadable",
            "{what} can't be read ({why}); if it has moved, index its folder again",
            what=what,
            why=why,
        ) from error
