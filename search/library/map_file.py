"""The map of a collection: its pictures in two dimensions, in a file next to the index.

A map is a cache: it can be deleted at any time and made again from SQL.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from search.errors import StorageFailed, system_reason
from search.files.atomic_file import PRIVATE, atomic_file
from search.records import Ids

Places = NDArray[np.float32]
"""(n, 2), x and y from 0 to 1; near pictures are alike."""


@dataclass(frozen=True, slots=True)
class Region:
    """A dense part of a map: its centre, its size and its names by language.

    `level` is 0 for the few large ones and 1 for the many small ones; `typical` are the pictures
    nearest to its centre.
    """

    x: float
    y: float
    pictures: int
    level: int
    names: Mapping[str, str]
    typical: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PictureMap:
    """The places of pictures on a map, as of the change log's `position` and its epoch."""

    position: int
    ids: Ids
    places: Places
    regions: tuple[Region, ...] = ()
    epoch: str = ""


def write_map(path: Path, picture_map: PictureMap) -> None:
    """Write a map file in one step; raises StorageFailed."""
    regions = json.dumps([asdict(region) for region in picture_map.regions], ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path, mode=PRIVATE) as file:
            np.savez(
                file,
                position=np.int64(picture_map.position),
                epoch=np.str_(picture_map.epoch),
                ids=picture_map.ids,
                places=picture_map.places,
                regions=np.frombuffer(regions.encode(), dtype=np.uint8),
            )
    except OSError as error:
        raise StorageFailed(
            "map-unwritable-full",
            "can't write the map {path!r}: {reason}; make room, and make it again",
            path=str(path),
            reason=system_reason(error),
        ) from error


def read_map(path: Path) -> PictureMap | None:
    """Return the map in a file; None for a missing or unreadable file."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            regions = json.loads(arrays["regions"].tobytes())
            return PictureMap(
                position=int(arrays["position"]),
                ids=np.asarray(arrays["ids"], dtype=np.int64),
                places=np.asarray(arrays["places"], dtype=np.float32),
                regions=tuple(Region(**{**r, "typical": tuple(r["typical"])}) for r in regions),
                epoch=str(arrays["epoch"]) if "epoch" in arrays else "",
            )
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile):
        return None
