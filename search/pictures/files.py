"""Picture files as bytes: their suffixes, their limits, reading and hashing them.

Pillow is not imported here, so that a folder can be scanned without it.
"""

import hashlib
import os
import stat
from pathlib import Path

from search.errors import BadPicture, Message, system_reason
from search.pictures import faults
from search.pictures.containers import container_of, read_member
from search.pictures.limits import DEFAULT_LIMITS, Limits
from search.text.path_names import on_disk

# fmt: off
PICTURE_SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".avif",
    ".heic", ".heif", ".hif", ".gif", ".tif", ".tiff", ".bmp", ".jp2", ".j2k", ".jpx",
    ".jxl", ".ppm", ".pgm", ".pbm", ".pnm", ".svg",
    ".dng", ".nef", ".cr2", ".cr3", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw",
})
# fmt: on
"""Lower-case suffixes of the formats that `search.pictures` reads."""

CHUNK_BYTES = 1 << 20

# A file that changed during its reading is read again, at most this often: a copy in progress
# ends, a log does not.
READS = 3


def load_file(path: Path, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Read a picture's file once, for `content_hash` and `read_picture` both.

    A path may lead into a container, such as /d/shard.tar/0001.jpg.

    Raises:
        BadPicture: missing, no regular file (it is not opened: a FIFO would block),
            no permission, empty, over `limits.max_file_bytes`, or written to at every reading:
            a part of a file is never returned.
    """
    name = repr(str(path))
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise BadPicture(
                "not an image",
                "picture-not-a-file",
                "{name} is {kind}, not a file",
                name=name,
                kind=_kind(status.st_mode),
            )
        check_size(status.st_size, name, limits)
        data = _read_whole(path, status, name)
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        if (disk_path := on_disk(path)) != path:
            return load_file(disk_path, limits)
        container = container_of(path)
        if container is not None:
            return _load_member(container, path, limits)
        # A path with a NUL in it is a ValueError: no file has such a name.
        raise faults.missing(name) from error
    except OSError as error:
        raise _unreadable(name, error) from error
    except MemoryError as error:
        raise faults.out_of_memory(name) from error
    check_size(len(data), name, limits)  # it may have grown
    if not data:
        raise faults.empty(name)
    return data


def _read_whole(path: Path, status: os.stat_result, name: str) -> bytes:
    """Return a file's bytes as of one moment; `status` is its status from before."""
    for _ in range(READS):
        data = path.read_bytes()
        before, status = status, path.stat()
        if _version(before) == _version(status) and len(data) == status.st_size:
            return data
    raise BadPicture(
        "unreadable",
        "picture-file-changing",
        "{name} changed while it was read, because a program still writes it; the next run reads "
        "it again",
        name=name,
    )


def _version(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _load_member(container: Path, path: Path, limits: Limits) -> bytes:
    name = repr(str(path))
    try:
        data = read_member(container, path, limits)
    except BadPicture as error:
        raise BadPicture(error.reason, error.message.about(name)) from error
    except OSError as error:
        raise _unreadable(name, error) from error
    if not data:
        raise faults.empty(name)
    return data


def check_size(size_bytes: int, name: str, limits: Limits) -> None:
    """Raise BadPicture if `size_bytes` is over the limit; `name` is for the message."""
    if size_bytes > limits.max_file_bytes:
        raise BadPicture(
            "too large",
            "picture-file-too-large",
            "{name} has {size_bytes:,} bytes; a picture may have {max_file_bytes:,}",
            name=name,
            size_bytes=size_bytes,
            max_file_bytes=limits.max_file_bytes,
        )


def content_hash(source: Path | bytes) -> bytes:
    """Return the BLAKE2b hash, 32 bytes, of a file or of bytes; a file is read in pieces.

    Raises:
        BadPicture: the file is missing or can't be read.
    """
    digest = hashlib.blake2b(digest_size=32)
    if isinstance(source, bytes):
        digest.update(source)
        return digest.digest()
    name = repr(str(source))
    try:
        with source.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
    except FileNotFoundError as error:
        raise faults.missing(name) from error
    except OSError as error:
        raise _unreadable(name, error) from error
    return digest.digest()


def _unreadable(name: str, error: OSError) -> BadPicture:
    reason = system_reason(error)
    if isinstance(error, PermissionError):
        return BadPicture(
            "unreadable",
            "picture-file-forbidden",
            "{name} can't be read: {reason}; change its permissions or its owner",
            name=name,
            reason=reason,
        )
    return BadPicture(
        "unreadable",
        "picture-file-unreadable",
        "{name} can't be read: {reason}",
        name=name,
        reason=reason,
    )


def _kind(mode: int) -> Message:
    if stat.S_ISDIR(mode):
        return Message("file-kind-directory", "a directory")
    if stat.S_ISFIFO(mode):
        return Message("file-kind-pipe", "a named pipe")
    if stat.S_ISSOCK(mode):
        return Message("file-kind-socket", "a socket")
    return Message("file-kind-device", "a device")
