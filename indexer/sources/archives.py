"""Archives: pictures with the files beside them of the same name, as WebDataset lays them out."""

import os
from collections.abc import Iterator
from typing import Protocol, cast

from indexer.sources import Found, Item, Note, Told, sidecars
from search.characters import composed
from search.errors import BadPicture, BadSource
from search.pictures import PICTURE_SUFFIXES
from search.pictures.containers import Container, safe_name
from search.records import Failure, FileMark


class Archive(Protocol):
    """A container whose members can be listed."""

    def members(self) -> Iterator[tuple[str, int]]: ...

    def read(self, name: str, most_bytes: int) -> bytes: ...


def pictures_in_archive(container: Container, mark: FileMark) -> Iterator[Found]:
    """The pictures of an archive. What belongs together stands together, and shares the name up to
    the first dot: 0001.jpg, 0001.txt, 0001.json.

    Raises:
        BadPicture: the archive is damaged or ends early; what came before is good.
    """
    archive = cast(Archive, container)
    key: str | None = None
    group: dict[str, int] = {}
    for name, size_bytes in archive.members():
        if safe_name(name) != name:
            yield Failure(
                mark.path / name.replace("\0", "").replace("..", "").lstrip("/"),
                "unsupported",
                f"{str(mark.path)!r} holds {name!r}, which leads out of it and was passed over",
                mark.size_bytes,
                mark.mtime_ns,
            )
            continue
        if _key(name) != key:
            yield from _sample(archive, mark, group)
            key, group = _key(name), {}
        group[name] = size_bytes
    yield from _sample(archive, mark, group)


def _key(name: str) -> str:
    folder, base = os.path.split(name)
    return composed(os.path.join(folder, base.split(".", 1)[0]))


def _sample(archive: Archive, mark: FileMark, group: dict[str, int]) -> Iterator[Found]:
    pictures = [name for name in group if os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES]
    pictures = [name for name in pictures if not os.path.basename(name).startswith(".")]
    if not pictures or "__MACOSX/" in pictures[0]:
        return
    told = Told()
    data: dict[str, bytes] = {}
    try:
        for name in group:
            suffix = os.path.splitext(name)[1].lower()
            if suffix in sidecars.SUFFIXES:
                data[suffix] = archive.read(name, sidecars.LARGEST_BYTES)
        told = sidecars.told_by(data)
    except (BadPicture, BadSource) as error:
        yield Note(f"{mark.path}, beside {pictures[0]}: {error}")
    for name in pictures:
        yield Item(mark.path / name, group[name], mark.mtime_ns, told)
