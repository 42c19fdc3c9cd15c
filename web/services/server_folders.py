"""The server folders that the operator named; the page indexes nothing outside them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from search.errors import BadSource, NotFound, system_reason
from search.files.boundary import is_inside
from search.pictures import PICTURE_SUFFIXES
from search.pictures.containers import is_container
from search.text.path_names import on_disk

# A page lists no more; a folder further down can still be named.
MAX_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class Listing:
    """A folder with its subfolders and its parent, to choose from."""

    path: Path
    above: Path | None
    folders: tuple[Path, ...]
    pictures: int


class ServerFolders:
    """A resolver of folder names: links are followed, and the result is in a server folder."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self.all = tuple(dict.fromkeys(Path(os.path.realpath(each)) for each in roots))

    def folder(self, name: str) -> Path:
        """Return the folder that a client names by its full path.

        Raises:
            NotFound: the path is in no server folder, or is no folder; the message does not say
                which.
        """
        path = on_disk(Path(name))
        real = Path(os.path.realpath(path)) if path.is_absolute() and "\0" not in name else None
        if real is None or not self._holds(real) or not real.is_dir():
            roots = ", ".join(map(str, self.all)) or "none; see limn serve --root"
            raise NotFound(
                "folder-not-allowed",
                "{folder!r} is no folder that may be added from here; such folders are at "
                "or below: {folders}",
                folder=name[:200],
                folders=roots,
            )
        return real

    def listing(self, name: str) -> Listing:
        """Return the contents of a folder.

        Raises:
            NotFound: as `folder` does.
            BadSource: this user may not read the folder.
        """
        path = self.folder(name)
        folders: list[Path] = []
        pictures = 0
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir():
                        folders.append(path / entry.name)
                    else:
                        pictures += _is_picture(entry.name)
        except OSError as error:
            raise BadSource(
                "folder-unreadable",
                "can't read {path!r}: {reason}",
                path=str(path),
                reason=system_reason(error),
            ) from error
        inside = tuple(sorted(each for each in folders if self._holds(os.path.realpath(each))))
        above = path.parent if self._holds(path.parent) else None
        return Listing(path, above, inside[:MAX_LISTED], pictures)

    def _holds(self, path: str | Path) -> bool:
        return is_inside(path, self.all)


def _is_picture(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES or is_container(Path(name))
