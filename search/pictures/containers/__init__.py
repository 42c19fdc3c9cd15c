"""Containers, files that hold pictures like folders: archives, tables, films, animations.

A picture in a container has the container's path followed by its name there: /d/shard.tar/0001.jpg,
/d/train.parquet/image/17, /d/film.mp4/0:01:23.400, /d/cat.gif/12. Each kind is read by a module of
its own, whose library is imported at its first file.
"""

import os
import threading
from pathlib import Path
from typing import Protocol, cast

from cachetools import LRUCache

from search import records
from search.pictures.limits import DEFAULT_LIMITS, Limits
from search.records import PictureFacts

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz")
ZIP_SUFFIXES = (".zip", ".cbz")
TABLE_SUFFIXES = (".parquet", ".arrow")
FILM_SUFFIXES = records.FILM_SUFFIXES

# Suffixes of pictures that may be animations; the file decides. They are Pillow's names.
ANIMATIONS = {".gif": "GIF", ".apng": "PNG", ".png": "PNG", ".webp": "WEBP"}

SUFFIXES = TAR_SUFFIXES + ZIP_SUFFIXES + TABLE_SUFFIXES + FILM_SUFFIXES

# Containers kept open in a process: a worker goes through one, perhaps two, at a time.
KEPT_OPEN = 4


class Container(Protocol):
    """An open container, which reads one of its pictures by name, as a file's bytes."""

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return the bytes of the picture of that name.

        Raises:
            BadPicture: no picture has that name, or it is too large or damaged.
        """

    def close(self) -> None:
        """Release the file."""


class DescribedContainer(Container, Protocol):
    """A film or an animation, which has metadata of its own."""

    def facts(self) -> PictureFacts:
        """Return the facts of all its frames: the format too, but no width and height."""


def is_container(path: Path) -> bool:
    """Return whether a file's name has the suffix of a container of pictures."""
    return path.name.lower().endswith(SUFFIXES)


def may_move(path: Path) -> bool:
    """Return whether a file's name has the suffix of a possible animation."""
    return path.suffix.lower() in ANIMATIONS


def animation_of(path: Path) -> Path | None:
    """Return the animation of a path to one of its frames; None for other paths."""
    return path.parent if may_move(path.parent) and path.parent.is_file() else None


def container_of(path: Path) -> Path | None:
    """Return the nearest part of a path that is a file, where the path leads into one."""
    for parent in path.parents:
        if (is_container(parent) or may_move(parent)) and parent.is_file():
            return parent
    return None


def read_member(container: Path, path: Path, limits: Limits) -> bytes:
    """Return the bytes of a picture in a container, which stays open for the next.

    Raises:
        BadPicture: the container can't be read, or the picture in it.
    """
    name = path.relative_to(container).as_posix()
    with _lock:
        return _container_at(container, limits).read(name, limits.max_file_bytes)


def container_facts(path: Path, limits: Limits = DEFAULT_LIMITS) -> PictureFacts | None:
    """Return the facts that a film or an animation has for a frame; None for other paths.

    Raises:
        BadPicture: the container can't be read.
    """
    container = path.parent
    describes = may_move(container) or container.name.lower().endswith(FILM_SUFFIXES)
    if not describes or not container.is_file():
        return None
    with _lock:
        return cast(DescribedContainer, _container_at(container, limits)).facts()


def open_container(path: Path, limits: Limits = DEFAULT_LIMITS) -> Container:
    """Open a container by its suffix.

    Raises:
        BadPicture: the container is damaged, or its library is not installed.
    """
    lower = path.name.lower()
    if lower.endswith(TAR_SUFFIXES):
        from search.pictures.containers.tar import Tar

        return Tar(path)
    if lower.endswith(ZIP_SUFFIXES):
        from search.pictures.containers.zip import Zip

        return Zip(path)
    if lower.endswith(TABLE_SUFFIXES):
        from search.pictures.containers.table import PictureTable

        return PictureTable(path)
    if may_move(path):
        from search.pictures.containers.animation import Animation

        return Animation(path, limits)
    from search.pictures.containers.film import Film

    return Film(path, limits)


_lock = threading.Lock()
_open: LRUCache[tuple[str, int, int, Limits], Container] = LRUCache(KEPT_OPEN)


def _container_at(path: Path, limits: Limits) -> Container:
    status = path.stat()
    key = (os.fspath(path), status.st_size, status.st_mtime_ns, limits)
    if key not in _open:
        while len(_open) >= KEPT_OPEN:
            _open.popitem()[1].close()
        _open[key] = open_container(path, limits)
    return _open[key]
