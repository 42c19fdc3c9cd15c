"""The files of pictures as they are: in ranges, for download, and never as active content."""

from flask import Response, send_file

from search.errors import NotFound
from search.pictures.containers import animation_of
from search.records import Picture

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

    That of an animation's frame is the animation.

    Raises:
        NotFound: the file is no longer there.
    """
    mimetype = TYPES.get(picture.facts.format)
    path = animation_of(picture.path) or picture.path
    try:
        if not path.is_file():
            raise FileNotFoundError
        return send_file(
            path,
            mimetype=mimetype or "application/octet-stream",
            as_attachment=download or mimetype is None,
            download_name=path.name.encode("utf-8", "replace").decode(),
            conditional=True,
        )
    except OSError as error:
        why = error.strerror or "it is gone"
        raise NotFound(
            f"the file of picture {picture.id} can't be read ({why}); if it has moved, index its "
            "folder again"
        ) from error
