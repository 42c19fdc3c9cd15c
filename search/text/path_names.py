"""Paths as the file system writes them, whose names a person may have typed in another form."""

import os
from pathlib import Path

from search.text.characters import forms


def on_disk(path: Path) -> Path:
    """Return the path that is there, composed or decomposed, or the path itself where none is.

    Each part is looked for by itself: a folder that was copied from macOS may hold files that were
    named elsewhere. Where a folder holds both forms, the one that is asked for is taken.
    """
    if str(path).isascii() or os.path.lexists(path):
        return path
    found = Path(path.anchor)
    for part in path.parts[len(found.parts) :]:
        found = next(
            (each for form in forms(part) if os.path.lexists(each := found / form)), found / part
        )
    return found
