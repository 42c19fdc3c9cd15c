"""Following folders as they change: each change is one short run over what changed."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from indexer.request import Request
from search.errors import BadSetting
from search.installing import install_extra

# A change is taken up once nothing more has happened for this long, at the latest after the second.
QUIET_MS = 300
LATEST_MS = 1500

# Where nothing happens, the first look is taken after this long.
START_MS = 200


def changes(request: Request) -> Iterator[Request]:
    """What to index: first all of the request, then what changed, each time that something did.

    The folders are watched before the first is yielded, so that no change falls in between.

    Raises:
        BadSetting: watchfiles is not installed.
    """
    try:
        from watchfiles import watch
    except ImportError as error:
        raise BadSetting(f"--watch needs watchfiles: {install_extra('sources')}") from error
    roots = [Path(each) for each in request.sources]
    watched = {root if root.is_dir() else root.parent for root in roots}
    begun = False
    for found in watch(
        *watched,
        debounce=LATEST_MS,
        step=QUIET_MS,
        recursive=request.recursive,
        rust_timeout=START_MS,
        yield_on_timeout=True,
        raise_interrupt=True,
        ignore_permission_denied=True,
    ):
        if not begun:
            begun = True
            yield request
            continue
        changed = changed_folders(roots, [Path(path) for _, path in found])
        if changed:
            yield replace(request, sources=tuple(map(str, changed)))


def changed_folders(roots: Sequence[Path], paths: Sequence[Path]) -> list[Path]:
    """The outermost folders that need a new look, each at or below a root, or the root itself.

    A folder is looked at where a file in it changed. One that is gone is looked for from the
    nearest folder above that still holds something.
    """
    wanted: set[Path] = set()
    for path in paths:
        for root in roots:
            if path != root and root not in path.parents:
                continue
            folder = path.parent if root.is_dir() and path != root else root
            while folder != root and not _holds_files(folder):
                folder = folder.parent
            wanted.add(folder)
    return sorted(folder for folder in wanted if wanted.isdisjoint(folder.parents))


def _holds_files(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(not entry.name.startswith(".") for entry in entries)
    except OSError:
        return False
