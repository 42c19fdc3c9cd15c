"""The files of pictures as they are: in ranges, for download, and never as active content."""

from io import BytesIO

from flask import Response

from search.errors import BadPicture, NotFound
from search.pictures import load_file
from search.pictures.containers import animation_of
from search.records import Picture
from web.api.films import moment_of
from web.middleware.file_responses import send
from web.services.confined import check_file
from web.services.downloads import file_of, name_of
from web.services.file_names import portable
from web.state import engine

# By the format that was decoded when the picture was indexed, whatever its file is called. What is
# not among these is for download alone.
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


def original_of(picture: Picture, download: bool) -> Response:
    """The picture's file, or the part of it that the request's `Range` asks for.

    That of an animation's frame is the animation; that of a film's is made, as a JPEG.

    Raises:
        NotFound: the file is no longer there, or the archive that held it, or a link leads out.
    """
    source = check_file(picture)
    try:
        if moment_of(picture) is not None:
            made = BytesIO(file_of(picture, engine().limits))
            etag = f"{picture.content_hash}-jpeg"
            return send(made, name_of(picture), "image/jpeg", etag=etag, download=download)
        path = animation_of(source) or source
        name = portable(path.name, path.suffix) if path != source else name_of(picture)
        mimetype = TYPES.get(picture.facts.format)
        saved = download or mimetype is None
        if path.is_file():
            return send(path, name, mimetype, download=saved)
        whole = BytesIO(load_file(path, engine().limits))
        return send(whole, name, mimetype, etag=picture.content_hash, download=saved)
    except (OSError, BadPicture) as error:
        why = str(error) if isinstance(error, BadPicture) else error.strerror
        raise NotFound(
            f"the file of picture {picture.id} can't be read ({why or 'it is gone'}); if it has "
            "moved, index its folder again"
        ) from error
