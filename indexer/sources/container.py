"""Containers: dispatch by kind, and the code that all kinds share."""

import os
from collections.abc import Iterator
from pathlib import Path

from indexer.sources import (
    NOTHING,
    IsUnchanged,
    Item,
    ScanResult,
    SidecarData,
    Whole,
    container_mark,
    not_read,
)
from indexer.sources.columns import ColumnOptions
from search.catalog.records import Failure, FileStamp
from search.errors import BadPicture
from search.pictures.containers import FILM_SUFFIXES, TABLE_SUFFIXES, open_container


def contents(
    path: Path,
    status: os.stat_result,
    is_unchanged: IsUnchanged,
    options: ColumnOptions,
    sidecar: SidecarData = NOTHING,
) -> Iterator[ScanResult]:
    """Yield the pictures in a container; an unchanged container is not opened.

    A film is one item; the worker that decodes it finds its shots. The sidecar data belongs to all
    of its pictures.

    Raises:
        BadSource: it is a table without a column of pictures.
    """
    lower = path.name.lower()
    film = Item(path, status.st_size, status.st_mtime_ns, sidecar)
    mark = FileStamp(path, status.st_size, status.st_mtime_ns)
    if lower.endswith(FILM_SUFFIXES):
        mark = container_mark(film)
    if is_unchanged(mark):
        yield Whole(mark, same=True)
        return
    if lower.endswith(FILM_SUFFIXES):
        yield film
        return
    try:
        container = open_container(path)
    except (BadPicture, OSError) as error:
        yield refusal(mark, error)
        return
    try:
        if lower.endswith(TABLE_SUFFIXES):
            from indexer.sources.table_of_pictures import pictures_in_table

            yield from pictures_in_table(container, mark, options)
        else:
            from indexer.sources.archive import pictures_in_archive

            yield from pictures_in_archive(container, mark)
        yield Whole(mark, same=False)
    except (BadPicture, OSError) as error:
        yield refusal(mark, error)
    finally:
        container.close()


def refusal(mark: FileStamp, error: BadPicture | OSError) -> Failure:
    """Return the failure of a whole container; the pictures found before it remain."""
    if isinstance(error, OSError):
        return not_read(mark.path, error)
    detail = error.message.about(repr(str(mark.path)))
    return Failure(mark.path, error.reason, detail, mark.size_bytes, mark.mtime_ns)
