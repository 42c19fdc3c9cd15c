"""Lists of the places that should change, for the engineers who work them off."""

from collections.abc import Callable, Sequence

from benchmarks.structure.classes import find_repeated
from benchmarks.structure.docstrings import find_dialect, find_without_imperative
from benchmarks.structure.participles import find_participles
from benchmarks.structure.sizes import (
    find_catalog_database,
    find_large_classes,
    find_large_files,
    find_small_files,
)
from benchmarks.structure.sources import PACKAGES, Place, Source, read_sources

LISTS: dict[str, Callable[[Sequence[Source]], list[Place]]] = {
    "participle": find_participles,
    "dialect": find_dialect,
    "repeated class": find_repeated,
    "catalog.database": find_catalog_database,
    "large class": find_large_classes,
    "large file": find_large_files,
    "small file": find_small_files,
}


def find_offenders(prefix: str = "") -> dict[str, list[Place]]:
    """List the offenders of each kind whose paths begin with `prefix`.

    Without a prefix, or with one in the packages, all packages are read; otherwise the folder.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    prefix = prefix.removeprefix("./")
    top = prefix.partition("/")[0]
    paths = PACKAGES if not top or top in PACKAGES else (top,)
    sources = read_sources(paths)
    lists = {kind: find(sources) for kind, find in LISTS.items()}
    lists["D401"] = find_without_imperative(paths)
    return {
        kind: sorted(place for place in places if place.path.startswith(prefix))
        for kind, places in lists.items()
    }
