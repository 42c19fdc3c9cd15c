"""Downloads of pictures: the file's name, and an image file for a frame, which has none."""

from io import BytesIO

from PIL import Image

from search.pictures import Limits, load_file
from search.pictures.containers import animation_of, container_of
from search.records import Picture
from web.services.file_names import portable
from web.services.films import moment_of

# Formats whose file suffix differs from the format's name.
SUFFIXES = {"JPEG": ".jpg", "MPO": ".jpg", "HEIF": ".heic", "TIFF": ".tif", "JPEG2000": ".jp2"}

# A film's frame was compressed once already; at this quality a second loss is invisible.
QUALITY = 95


def name_of(picture: Picture) -> str:
    """Return the name of a picture's download; a frame or a table's row adds its file's name."""
    path, container = picture.path, container_of(picture.path)
    moment = moment_of(picture)
    if moment is not None:
        return portable(f"{moment.film.stem} {path.name.replace(':', '-')}", ".jpg")
    if animation_of(path) is not None:
        return portable(f"{path.parent.stem} {path.name}", ".png")
    image_format = picture.facts.format
    suffix = SUFFIXES.get(image_format, f".{image_format.lower()}")
    if container is None or path.suffix:
        return portable(path.name, suffix)
    inside = " ".join(path.relative_to(container).parts)  # the column and the row of a table
    return portable(f"{container.stem} {inside}", suffix)


def file_of(picture: Picture, limits: Limits) -> bytes:
    """Return the bytes of a picture's download; a frame becomes a JPEG or a PNG.

    Raises:
        BadPicture: the picture can't be read.
    """
    data = load_file(picture.path, limits)
    if moment_of(picture) is not None:
        return _encode(data, "RGB", "JPEG", quality=QUALITY)
    return _encode(data, "RGBA", "PNG") if animation_of(picture.path) is not None else data


def _encode(data: bytes, mode: str, kind: str, **options: int) -> bytes:
    buffer = BytesIO()
    with Image.open(BytesIO(data)) as frame:
        frame.convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()
