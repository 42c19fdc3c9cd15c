"""Archives: pictures and their sidecars of the same name, in WebDataset's layout."""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, cast

from indexer.sources import Item, Note, ScanResult, SidecarData
from indexer.sources.sidecar_names import SidecarNames
from indexer.sources.sidecars import LARGEST_BYTES, SUFFIXES, parse_sidecar, together
from search.catalog.records import Failure, FileStamp
from search.errors import BadPicture, BadSource, Message
from search.pictures import PICTURE_SUFFIXES
from search.pictures.containers import Container
from search.pictures.containers.members import safe_name
from search.pictures.containers.zip import Zip
from search.text.characters import compose


class Archive(Protocol):
    """A container whose members can be listed."""

    def members(self) -> Iterator[tuple[str, int]]:
        """Yield the members' names with their sizes in bytes."""

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return a member's bytes."""


def pictures_in_archive(container: Container, mark: FileStamp) -> Iterator[ScanResult]:
    """Yield the pictures of an archive with their sidecars.

    Sidecars share the picture's name up to the first dot (0001.jpg, 0001.txt, 0001.json), or have
    the names that `SidecarNames` knows. In a tar archive, which is read as a stream, they follow
    each other.

    Raises:
        BadPicture: the archive is damaged or ends early; the pictures before that are good.
    """
    archive = cast(Archive, container)
    groups: dict[str, dict[str, int]] = {}
    names: dict[str, SidecarNames] = {}
    in_memory = isinstance(container, Zip)  # its list of members is in memory
    for name, size_bytes in archive.members():
        if safe_name(name) != name:
            yield Failure(
                mark.path / name.replace("\0", "").replace("..", "").lstrip("/"),
                "unsupported",
                Message(
                    "picture-outside-archive",
                    "{archive!r} contains {member!r}, whose name leads out of it and was skipped",
                    archive=str(mark.path),
                    member=name,
                ),
                mark.size_bytes,
                mark.mtime_ns,
            )
            continue
        key = _key(name)
        if not in_memory and key not in groups:
            yield from _samples(archive, mark, groups, names)
            groups, names = {}, {}
        groups.setdefault(key, {})[name] = size_bytes
        if os.path.splitext(name)[1].lower() in SUFFIXES:
            folder, base = os.path.split(name)
            names.setdefault(folder, SidecarNames()).add(base)
    yield from _samples(archive, mark, groups, names)


def _key(name: str) -> str:
    folder, base = os.path.split(name)
    return compose(os.path.join(folder, base.split(".", 1)[0]))


def _samples(
    archive: Archive,
    mark: FileStamp,
    groups: Mapping[str, Mapping[str, int]],
    names: Mapping[str, SidecarNames],
) -> Iterator[ScanResult]:
    for group in groups.values():
        pictures = [name for name in group if os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES]
        pictures = [name for name in pictures if not os.path.basename(name).startswith(".")]
        if not pictures or "__MACOSX/" in pictures[0]:
            continue
        common = dict(_common(group))
        for picture in pictures:
            folder, base = os.path.split(picture)
            own = names[folder].beside(base) if folder in names else {}
            beside = common | {suffix: os.path.join(folder, each) for suffix, each in own.items()}
            sidecars: dict[str, SidecarData] = {}
            for suffix, name in beside.items():
                try:
                    sidecars[suffix] = parse_sidecar(suffix, archive.read(name, LARGEST_BYTES))
                except (BadPicture, BadSource) as error:
                    yield Note(f"{mark.path}, {name} beside {picture}: {error}")
            yield Item(mark.path / picture, group[picture], mark.mtime_ns, together(sidecars))


def _common(group: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the sidecars that a group shares, by suffix; a.jpg.xmp belongs to a.jpg alone."""
    for name in group:
        stem, suffix = os.path.splitext(name)
        named_whole = os.path.splitext(stem)[1].lower() in PICTURE_SUFFIXES
        if suffix.lower() in SUFFIXES and not named_whole:
            yield suffix.lower(), name
