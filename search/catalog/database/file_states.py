"""States of files: size, time, and what this user may do."""

import os
from pathlib import Path


def may_write(path: Path) -> bool:
    """Return whether this user may write to a file or a folder."""
    effective = os.access in os.supports_effective_ids
    return os.access(path, os.W_OK, effective_ids=effective)


def stamp_of(path: Path) -> tuple[int, int, int] | None:
    """Return inode, size and time of a file; None for a missing file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def size_of(path: Path) -> int:
    """Return the file's size in bytes; 0 for a missing file."""
    return (stamp_of(path) or (0, 0, 0))[1]


def exists(path: Path) -> bool:
    """Return whether a file is there."""
    return stamp_of(path) is not None


def absence(path: Path) -> str:
    """Return the state of a file without content, in words."""
    return "empty" if path.exists() else "not there"
