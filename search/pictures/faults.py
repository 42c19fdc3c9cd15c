"""Faults of pictures that several readers find."""

from search.errors import BadPicture

# The beginnings of files that are often saved in place of a picture.
WEB_PAGES = (b"<!doctype html", b"<html")
DOCUMENT = b"%PDF-"
BEGINNING = 512


def empty(name: str) -> BadPicture:
    """Return the error for a file without bytes."""
    return BadPicture("empty file", "picture-file-empty", "{name} is an empty file", name=name)


def missing(name: str) -> BadPicture:
    """Return the error for a file that does not exist."""
    return BadPicture("missing", "picture-file-missing", "{name} does not exist", name=name)


def out_of_memory(name: str) -> BadPicture:
    """Return the error for a file that is larger than the free memory."""
    return BadPicture(
        "too large", "picture-out-of-memory", "{name} does not fit into memory", name=name
    )


def without_end(name: str) -> BadPicture:
    """Return the error for a file whose last bytes are missing."""
    return BadPicture(
        "truncated", "picture-end-missing", "{name} is cut short: its end is missing", name=name
    )


def without_rows(name: str) -> BadPicture:
    """Return the error for a file whose last rows of pixels are missing."""
    return BadPicture(
        "truncated",
        "picture-rows-missing",
        "{name} is cut short: its last rows are missing",
        name=name,
    )


def absent(member: str) -> BadPicture:
    """Return the error for a container that has no picture of that name."""
    return BadPicture(
        "missing", "picture-member-missing", "it contains no picture {member!r}", member=member
    )


def damaged_archive(error: BaseException) -> BadPicture:
    """Return the error for an archive whose list of members can't be read."""
    return BadPicture(
        "truncated",
        "picture-archive-damaged",
        "the archive is damaged or ends early: {error}",
        error=error,
    )


def other_kind(data: bytes, name: str) -> BadPicture | None:
    """Return the error for a web page or a document; None for another file."""
    start = bytes(data[:BEGINNING]).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(WEB_PAGES):
        return BadPicture(
            "not an image", "picture-web-page", "{name} is a web page, not a picture", name=name
        )
    if start.startswith(DOCUMENT.lower()):
        return BadPicture(
            "not an image", "picture-document", "{name} is a PDF, not a picture", name=name
        )
    return None
