"""Pictures: bytes or path -> upright RGB within limits, facts of the file, thumbnails."""

from search.pictures.files import PICTURE_SUFFIXES, content_hash, load_file
from search.pictures.limits import DEFAULT_LIMITS, Limits
from search.pictures.reading import read_picture

__all__ = [
    "DEFAULT_LIMITS",
    "PICTURE_SUFFIXES",
    "Limits",
    "content_hash",
    "load_file",
    "read_picture",
]
