"""Messages about the disk that downloads and copies are written to."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.errors import Message, StorageFailed, system_reason

FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn the disk's errors into one message.

    Raises:
        StorageFailed: the disk is full, or the folder can't be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:  # a refusal of the hub, which its client makes an error of these
            raise
        if error.errno in FULL:
            raise _no_space(folder, 0) from error
        reason = system_reason(error)
        raise StorageFailed(
            "hub-cache-unwritable",
            "can't write to {folder!r}: {reason}; set HF_HOME to a folder that you may write to",
            folder=str(folder),
            reason=reason,
            outside=Message(
                "hub-server-cache-unwritable",
                "the server can't write to its folder of downloads: {reason}; let whoever runs it "
                "set HF_HOME to a folder that it may write to",
                reason=reason,
            ),
        ) from error


def check_space(folder: Path, size_bytes: int) -> None:
    """Refuse a download that the disk can't hold."""
    above = next(each for each in (folder, *folder.parents) if each.exists())
    if size_bytes > shutil.disk_usage(above).free:
        raise _no_space(folder, size_bytes)


def _no_space(folder: Path, size_bytes: int) -> StorageFailed:
    wanted = f" of {size_bytes / 1e6:,.0f} MB" if size_bytes else ""
    return StorageFailed(
        "hub-disk-full",
        "the disk of {folder!r} is too full for the download{wanted}; make room, "
        "or set HF_HOME to a folder on another disk, and run the command again",
        folder=str(folder),
        wanted=wanted,
        outside=Message(
            "hub-server-disk-full",
            "the server's disk is too full for the download{wanted}; make room on it, "
            "and download the pair again",
            wanted=wanted,
        ),
    )
