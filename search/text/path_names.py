"""Paths in the file system's spelling, for names that a person typed in another form."""

import os
from contextlib import suppress
from pathlib import Path

from search.text.characters import forms


def user_path(path: Path) -> Path:
    """Return a path that a person wrote, absolute and in the file system's spelling.

    "~" is the home folder, unless a file has that very name.
    """
    if not os.path.lexists(path):
        with suppress(RuntimeError):  # no such user: the path is taken unchanged
            path = path.expanduser()
    return on_disk(Path(os.path.abspath(path)))


def on_disk(path: Path) -> Path:
    """Return the existing path, composed or decomposed, or the path itself if none exists.

    Each part is looked up by itself: a folder that was copied from macOS may have files that were
    named elsewhere. Where a folder has both forms, the given form is taken.
    """
    if str(path).isascii() or os.path.lexists(path):
        return path
    current = Path(path.anchor)
    for part in path.parts[len(current.parts) :]:
        current = next(
            (candidate for form in forms(part) if os.path.lexists(candidate := current / form)),
            current / part,
        )
    return current
