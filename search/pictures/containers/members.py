"""Members of containers by name: whether one is safe to read, there, and small enough."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from search.errors import BadPicture
from search.text.characters import compose


def safe_name(name: str) -> str | None:
    """Return a member's name as a path below its container; None for one that leads out of it."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name or not path.parts:
        return None
    return path.as_posix()


def find_spelling(name: str, names: Iterable[str]) -> str:
    """Return the one of the names that is `name` in another form; `name` where there is none."""
    if name.isascii():
        return name
    key = compose(name)
    return next((other for other in names if compose(other) == key), name)


def check_length(size_bytes: int, name: str, most_bytes: int) -> None:
    """Raise BadPicture for a picture that is larger than allowed, before it is read."""
    if size_bytes > most_bytes:
        raise BadPicture(
            "too large",
            "picture-member-too-large",
            "{member!r} has {size_bytes:,} bytes; a picture may have {most_bytes:,}",
            member=name,
            size_bytes=size_bytes,
            most_bytes=most_bytes,
        )
