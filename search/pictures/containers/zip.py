"""Zip archives: their members by name."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from search.errors import BadPicture
from search.pictures.containers.members import check_length, find_spelling, safe_name
from search.pictures.faults import absent, damaged_archive

ENCRYPTED = 0x1
ERRORS = (zipfile.BadZipFile, EOFError, zlib.error, ValueError, NotImplementedError, RuntimeError)


class Zip:
    """An open zip archive."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)  # closed by `close`
        except ERRORS as error:
            raise damaged_archive(error) from error
        self._infos = {
            name: info for info in self._zip.infolist() if (name := safe_name(info.filename))
        }

    def members(self) -> Iterator[tuple[str, int]]:
        """Yield the names and sizes of all files, also names that lead out of the archive."""
        for info in self._zip.infolist():
            if not info.is_dir():
                yield safe_name(info.filename) or info.filename, info.file_size

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return a member's bytes; a name matches in every Unicode spelling."""
        info = self._infos.get(name) or self._infos.get(find_spelling(name, self._infos))
        if info is None:
            raise absent(name)
        check_length(info.file_size, name, most_bytes)
        if info.flag_bits & ENCRYPTED:
            raise BadPicture(
                "unsupported",
                "picture-member-encrypted",
                "{member!r} is encrypted; unpack the archive and index the folder",
                member=name,
            )
        try:
            with self._zip.open(info) as member:
                return member.read(info.file_size)
        except NotImplementedError as error:
            raise BadPicture(
                "unsupported",
                "picture-member-packing-unknown",
                "{member!r} is packed by {error}",
                member=name,
                error=error,
            ) from error
        except ERRORS as error:
            raise BadPicture(
                "truncated",
                "picture-member-damaged",
                "{member!r} is damaged in its archive: {error}",
                member=name,
                error=error,
            ) from error

    def close(self) -> None:
        """Close the archive."""
        self._zip.close()
