"""Tar archives, plain or gzipped: their members by name, read at their offsets."""

import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from search.errors import BadPicture
from search.pictures.containers.members import check_length, find_spelling, safe_name
from search.pictures.faults import absent, damaged_archive

ERRORS = (tarfile.TarError, EOFError, zlib.error, ValueError, OverflowError)


class Tar:
    """An open tar archive, with an index of its members' offsets only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[str, tuple[int, int]] = {}
        try:
            self._tar = tarfile.open(path)  # noqa: SIM115 - closed by `close`
        except ERRORS as error:
            raise damaged_archive(error) from error
        self._rest = self._index()

    def members(self) -> Iterator[tuple[str, int]]:
        """Yield the names and sizes of all files in the archive, in order, as they are read.

        A name that leads out of the archive, absolute or through "..", is yielded unchanged;
        nothing of that name can be read.

        Raises:
            BadPicture: the archive ends early or is damaged; what came before is good.
        """
        yield from ((name, size) for name, (_, size) in list(self._places.items()))
        yield from self._rest

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return a member's bytes; read on to find one that has no offset yet."""
        if name not in self._places:
            for member, _ in self._rest:
                if member == name:
                    break
            else:
                name = find_spelling(name, self._places)
        if name not in self._places:
            raise absent(name)
        start, size_bytes = self._places[name]
        check_length(size_bytes, name, most_bytes)
        file = self._tar.fileobj
        assert file is not None  # the archive is open
        try:
            file.seek(start)
            data: bytes = file.read(size_bytes)
        except ERRORS as error:
            raise damaged_archive(error) from error
        if len(data) < size_bytes:
            raise BadPicture(
                "truncated",
                "picture-archive-cut",
                "the archive ends within {member!r}",
                member=name,
            )
        return data

    def close(self) -> None:
        """Close the archive."""
        self._tar.close()

    def _index(self) -> Iterator[tuple[str, int]]:
        while True:
            try:
                member = self._tar.next()
            except ERRORS as error:
                raise damaged_archive(error) from error
            if member is None:
                return
            # tarfile keeps every member that it has read; an archive may have millions.
            self._tar.members = []  # type: ignore[attr-defined]
            if member.isreg() and not member.issparse():
                name = safe_name(member.name)
                if name is not None and name not in self._places:
                    self._places[name] = (member.offset_data, member.size)
                yield name or member.name, member.size
