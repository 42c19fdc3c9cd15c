"""Comparison of a collection with its files: every file, content hash and embedding."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from search.catalog.catalog import Catalog
from search.catalog.known_files import KnownFileRow
from search.errors import BadPicture
from search.pictures import Limits, content_hash, load_file
from search.records import Collection, Space

# float16 at rest leaves a unit vector this far from length 1 at most.
LENGTH_ERROR = 0.01

AGAIN = "index it again: limn index"


@dataclass(frozen=True, slots=True)
class Defect:
    """A picture that is not as it should be, with the repair."""

    path: Path
    what: str
    remedy: str


def verify(catalog: Catalog, collection: Collection, limits: Limits) -> Iterator[Defect | None]:
    """Check every picture; yield a defect, or None for one that is well.

    Reads every file whole. A file that changed since it was indexed is a different defect from one
    whose bytes changed while its size and time did not, as happens on a failing disk.
    """
    known_files = catalog.files(collection)
    for row in known_files.everything():
        path = row.place
        try:
            data = load_file(path, limits)
        except BadPicture as error:
            yield Defect(path, f"{error.reason}: {error}", AGAIN)
            continue
        if content_hash(data) == row.content_hash:
            yield _vector(catalog, collection.space, row)
        elif _has_changed(row):
            yield Defect(path, "it changed since it was indexed", AGAIN)
        else:
            yield Defect(
                path,
                "its bytes changed, but neither its size nor its time: it may be damaged",
                "compare it with a backup",
            )


def _has_changed(row: KnownFileRow) -> bool:
    try:
        status = row.place.stat()
    except NotADirectoryError:  # in a container that was rewritten
        return True
    return (status.st_size, status.st_mtime_ns) != (row.size_bytes, row.mtime_ns)


def _vector(catalog: Catalog, space: Space, row: KnownFileRow) -> Defect | None:
    vector = catalog.pictures.vectors([row.id], space.id).get(row.id)
    if vector is None:
        return Defect(row.place, f"{space.encoder} did not embed it", AGAIN)
    length = float(np.linalg.norm(vector))
    if np.isfinite(vector).all() and abs(length - 1) < LENGTH_ERROR:
        return None
    return Defect(
        row.place,
        f"its embedding has length {length:.3g} instead of 1",
        "remove the collection and index it again",
    )
