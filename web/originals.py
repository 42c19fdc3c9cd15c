"""The files of pictures as they are: in ranges, for download, and never as active content."""

from io import BytesIO

from flask import Response, send_file

from search.errors import BadPicture, NotFound
from search.pictures import load_file
from search.pictures.containers import animation_of
from search.records import Picture
from web.conditional import NOT_MODIFIED
from web.confined import check_file
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


RANGES = {206: "The part that `Range` asks for.", **NOT_MODIFIED}


def original_of(picture: Picture, download: bool) -> Response:
    """The picture's file, or the part of it that the request's `Range` asks for.

    That of an animation's frame is the animation.

    Raises:
        NotFound: the file is no longer there, or the archive that held it, or a link leads out.
    """
    mimetype = TYPES.get(picture.facts.format)
    path = check_file(picture)
    path = animation_of(path) or path
    try:
        there = path.is_file()
        return send_file(
            path if there else BytesIO(load_file(path, engine().limits)),
            mimetype=mimetype or "application/octet-stream",
            as_attachment=download or mimetype is None,
            download_name=path.name.encode("utf-8", "replace").decode(),
            conditional=True,
            etag=there or picture.content_hash,
        )
    except (OSError, BadPicture) as error:
        why = str(error) if isinstance(error, BadPicture) else error.strerror
        raise NotFound(
            f"the file of picture {picture.id} can't be read ({why or 'it is gone'}); if it has "
            "moved, index its folder again"
        ) from error
