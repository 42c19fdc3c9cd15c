"""The boundary of folders: whether a path leads out of them, its links followed to their end.

One judgement for all: what a server lets be indexed below its roots, and what it then sends.
"""

import os
from collections.abc import Sequence
from pathlib import Path


def is_inside(path: str | Path, folders: Sequence[Path]) -> bool:
    """Return whether a path really lies at or below one of the folders, which hold no links.

    A path into an archive lies where the archive does. Nothing needs to be there.
    """
    real = Path(os.path.realpath(path))
    return any(real.is_relative_to(folder) for folder in folders)
