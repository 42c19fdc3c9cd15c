"""Files that a run did not find again: gone for good, missing for now, or not looked at."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from search.catalog.known_files import KnownFileRow
from search.pictures.containers import may_move

Fate = Literal["same", "unknown", "gone", "missing"]

SEPARATOR = os.sep.encode()


class SearchedFolders:
    """Folders and containers in which the run found something, and which therefore exist."""

    def __init__(self) -> None:
        self._there: set[bytes] = set()

    def add(self, paths: Iterable[str]) -> None:
        """Add found paths: every folder and container above them exists."""
        for folder in {os.path.dirname(path) for path in paths}:
            self.add_folder(os.fsencode(folder))

    def add_folder(self, folder: bytes) -> None:
        """Add a folder and all folders above it."""
        while folder not in self._there:
            self._there.add(folder)
            folder = os.path.dirname(folder)

    def __contains__(self, folder: bytes) -> bool:
        return folder in self._there


def fate(
    picture: KnownFileRow, same: set[bytes], unknown: set[bytes], there: SearchedFolders
) -> Fate:
    """Return the fate of a picture that was not found again.

    `same` are containers that were not opened, as they have not changed; `unknown` could not be
    read. A picture whose folder holds others is gone. One whose folder is empty or does not exist
    is missing: as a rule its disk or share is not mounted. A file that exists and was passed over,
    by --exclude as an example, is not wanted any more.
    """
    if at_or_below(picture.path, same):
        return "same"
    if at_or_below(picture.path, unknown):
        return "unknown"
    folder = os.path.dirname(picture.path)
    if may_move(Path(os.fsdecode(folder))):  # an animation, which is one of several files
        folder = os.path.dirname(folder)
    return "gone" if folder in there or _lies_there(picture.path) else "missing"


def at_or_below(path: bytes, folders: set[bytes]) -> bool:
    """Return whether a path is one of the folders, or lies below one."""
    if not folders:
        return False
    while True:
        if path in folders:
            return True
        shorter = path.rpartition(SEPARATOR)[0]
        if shorter == path or not shorter:
            return SEPARATOR in folders
        path = shorter


def _lies_there(path: bytes) -> bool:
    """Return whether a file, or the container around it, exists."""
    while path and path != SEPARATOR:
        if os.path.exists(path):
            return not os.path.isdir(path)
        path = os.path.dirname(path)
    return False
