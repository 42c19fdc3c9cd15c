"""Watching of folders: each change is one short run over the changed folders."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from indexer.indexing.request import Request
from indexer.sources.registry import has_prefix
from search.errors import BadSetting
from search.packages.installing import install_extra

# A change is indexed after this long without another one, at the latest after the second time.
QUIET_MS = 300
LATEST_MS = 1500

# Without changes, the first check is after this long.
START_MS = 200

# The interval of checks for mounted and unmounted disks.
LOOK_EVERY_S = 5.0


def changes(request: Request, missing: Callable[[], Iterable[Path]]) -> Iterator[Request]:
    """Yield requests: first the whole request, then the changed folders, after each change.

    The folders are watched before the first request is yielded, so that no change falls in between.
    A mounted or unmounted disk sends no event: every few seconds the mounts are checked, and the
    folders that `missing` names, whose pictures are missing; where they changed, the whole request
    is yielded again.

    Raises:
        BadSetting: watchfiles is not installed, or no source is a path.
    """
    try:
        from watchfiles import watch
    except ImportError as error:
        raise BadSetting(
            "package-missing-watch",
            "--watch needs watchfiles: {install}",
            install=install_extra("sources"),
        ) from error
    roots = [Path(source) for source in request.sources if not has_prefix(source)]
    if not roots:
        raise BadSetting(
            "nothing-to-watch",
            "--watch follows folders and files, and {sources} is none; leave --watch out",
            sources=", ".join(request.sources),
        )
    while True:
        places = WatchedPlaces(roots, ())
        there = {root if root.is_dir() else root.parent for root in roots if root.exists()}
        if not there:
            time.sleep(LOOK_EVERY_S)
            continue
        has_begun = False
        for file_changes in watch(
            *there,
            debounce=LATEST_MS,
            step=QUIET_MS,
            recursive=request.recursive,
            rust_timeout=START_MS,
            yield_on_timeout=True,
            raise_interrupt=True,
            ignore_permission_denied=True,
        ):
            if not has_begun:
                has_begun = True
                yield request
                places = WatchedPlaces(roots, missing())
            elif folders := changed_folders(roots, [Path(path) for _, path in file_changes]):
                yield replace(request, sources=tuple(map(str, folders)))
                places = WatchedPlaces(roots, missing())
            elif places.have_changed():
                break  # a newly mounted folder is not watched yet


class WatchedPlaces:
    """The roots, the mounts below them, and the outermost missing folders, as of the last check."""

    def __init__(self, roots: Sequence[Path], missing: Iterable[Path]) -> None:
        self._roots = roots
        self._paths = [*roots, *{_gap(folder) for folder in missing}]
        self._before = self._look()
        self._looked_at = time.monotonic()

    def have_changed(self) -> bool:
        """Return whether a folder or disk there was replaced; check every few seconds at most."""
        if time.monotonic() - self._looked_at < LOOK_EVERY_S:
            return False
        self._looked_at = time.monotonic()
        return self._look() != self._before

    def _look(self) -> tuple[object, ...]:
        return (*map(_identity, self._paths), *_mounts(self._roots))


def _gap(folder: Path) -> Path:
    """Return the outermost part of a path that does not exist; the path where it does."""
    while not folder.exists() and not folder.parent.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _mounts(roots: Sequence[Path]) -> list[str]:
    """Return the mounts at or below the roots, a line each, where the system lists them (Linux)."""
    try:
        lines = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []
    starts = tuple(f"{root}/".replace(" ", "\\040") for root in roots)
    return [line for line in lines if f"{line.split()[4]}/".startswith(starts)]


def changed_folders(roots: Sequence[Path], paths: Sequence[Path]) -> list[Path]:
    """Return the outermost folders to scan, each a root or below one.

    A folder is scanned where a file in it changed. One that is gone is looked for from the nearest
    folder above that still holds something.
    """
    folders: set[Path] = set()
    for path in paths:
        for root in roots:
            if path != root and root not in path.parents:
                continue
            folder = path.parent if root.is_dir() and path != root else root
            while folder != root and not _holds_files(folder):
                folder = folder.parent
            folders.add(folder)
    return sorted(folder for folder in folders if folders.isdisjoint(folder.parents))


def _holds_files(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(not entry.name.startswith(".") for entry in entries)
    except OSError:
        return False
