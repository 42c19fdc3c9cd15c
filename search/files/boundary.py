"""The boundary of folders: whether a path leads out of them, with its links resolved.

The same check decides what a server indexes below its roots, and what it then sends.
"""

import os
from collections.abc import Sequence
from pathlib import Path


def is_inside(path: str | Path, folders: Sequence[Path]) -> bool:
    """Return whether a path, resolved, is at or below one of the folders, which have no links.

    A path into an archive is where the archive is. Nothing needs to exist there.
    """
    real = Path(os.path.realpath(path))
    return any(real.is_relative_to(folder) for folder in folders)
