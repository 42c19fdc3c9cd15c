"""Files and folders that appear whole under their name, or not at all.

Each is written as a draft next to its place and then renamed to it, so no reader sees a part.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

SUFFIX = ".partial"
"""The end of a draft's name, after the place's name and eight random digits."""

PRIVATE = 0o600
"""The mode of a file that only its owner may read."""

ABANDONED_AFTER_S = 3600
"""A draft that nobody has written to for so long belongs to a process that was killed."""

RETRIES = 8
RETRY_AFTER_S = 0.05
"""Windows refuses to replace a file that another process, like a virus scanner, has open."""


@contextmanager
def atomic_path(path: Path, *, mode: int = 0o666, durable: bool = False) -> Iterator[Path]:
    """Yield an empty draft to write to, for code that opens files by name.

    The draft becomes `path` when the block ends, and is removed when the block fails.

    Args:
        path: the file's place; its folder exists.
        mode: the file's permissions, less the process's umask.
        durable: bring the file and its name to disk before returning.

    Raises:
        OSError: the file can't be written; the old file at `path` is unchanged.
    """
    draft = _draft_of(path)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
    try:
        yield draft
        if durable:
            _sync_file(draft)
        replace(draft, path)
    except BaseException:  # an interrupt too leaves nothing behind
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(path.parent)


@contextmanager
def atomic_file(path: Path, *, mode: int = 0o666, durable: bool = False) -> Iterator[BinaryIO]:
    """Yield an open binary file, which becomes `path` when the block ends.

    Arguments and errors are those of `atomic_path`.
    """
    with atomic_path(path, mode=mode, durable=durable) as draft, draft.open("r+b") as file:
        yield file


def write_atomic(path: Path, data: bytes, *, mode: int = 0o666, durable: bool = False) -> None:
    """Write a file as a whole; arguments and errors are those of `atomic_path`."""
    with atomic_file(path, mode=mode, durable=durable) as file:
        file.write(data)


@contextmanager
def atomic_folder(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Yield a new folder to write in, which becomes `path` when the block ends.

    It replaces an existing folder, which stays whole until then. Missing folders above
    `path` are created, and stay.

    Raises:
        OSError: the folder can't be written; the old folder at `path` is unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft_of(path)
    draft.mkdir()
    try:
        yield draft
        if durable:
            _sync_below(draft)
        replace_folder(draft, path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    if durable:
        _sync_folder(path.parent)


def replace(source: Path, target: Path) -> None:
    """Rename a file to `target`, replacing it; on Windows wait until it is closed there.

    Raises:
        OSError: the file can't be renamed.
    """
    for _ in range(RETRIES if os.name == "nt" else 0):
        with contextlib.suppress(PermissionError):
            source.replace(target)
            return
        time.sleep(RETRY_AFTER_S)
    source.replace(target)


def replace_folder(source: Path, target: Path) -> None:
    """Rename a folder to `target`; an existing folder is moved aside first, then removed.

    Raises:
        OSError: the folder can't be renamed; the old folder at `target` is restored.
    """
    aside = _draft_of(target)
    if not target.is_dir():
        replace(source, target)
        return
    replace(target, aside)
    try:
        replace(source, target)
    except BaseException:
        replace(aside, target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def remove_abandoned(path: Path, older_than_s: float = ABANDONED_AFTER_S) -> None:
    """Remove the drafts of `path` that killed processes left, which may be gigabytes."""
    for draft in path.parent.iterdir():
        if not (draft.name.startswith(f"{path.name}.") and draft.name.endswith(SUFFIX)):
            continue
        with contextlib.suppress(OSError):  # another process may remove it at the same time
            if time.time() - draft.stat().st_mtime < older_than_s:
                continue
            if draft.is_dir():
                shutil.rmtree(draft)
            else:
                draft.unlink()


def _draft_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.{os.urandom(4).hex()}{SUFFIX}")


def _sync_file(file: Path) -> None:
    descriptor = os.open(file, os.O_RDWR)  # Windows syncs no file that is open for reading alone
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Write the names in a folder to disk; Windows can't open one, and needs no such step."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_below(folder: Path) -> None:
    for above, _, files in os.walk(folder):
        for name in files:
            _sync_file(Path(above, name))
        _sync_folder(Path(above))
