"""The folder of a catalog's index files, with the maps of its collections."""

from contextlib import suppress
from pathlib import Path
from typing import get_args

from search.catalog.catalog import Catalog
from search.records import Collection
from search.stores import IndexKind


class IndexFolder:
    """The paths of index files and maps. Each catalog has its own folder below the same one."""

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        self._folder = folder
        self._catalog = catalog

    def index_path(self, collection: Collection, kind: IndexKind = "pictures") -> Path:
        """Return the path of a collection's index file of one kind."""
        suffix = "" if kind == "pictures" else f"-{kind}"
        name = f"{collection.id}-{collection.space.id}{suffix}.index"
        return self._folder / self._catalog.identity() / name

    def map_path(self, collection: Collection) -> Path:
        """Return the path of a collection's map."""
        return self.index_path(collection).with_suffix(".map")

    def delete_files(self, collection: Collection) -> None:
        """Delete a collection's index files and map; a file that can't be deleted stays."""
        with suppress(OSError):  # no collection gets the id again, so nothing reads the file
            for kind in get_args(IndexKind):
                path = self.index_path(collection, kind)
                for file in (path, path.with_suffix(".first")):
                    file.unlink(missing_ok=True)
            self.map_path(collection).unlink(missing_ok=True)
