"""Changes to whole collections, and to their files: thumbnails, maps, index files."""

from collections.abc import Callable
from pathlib import Path

from search.catalog.catalog import Catalog
from search.indexes.folder import IndexFolder
from search.library.map_file import PictureMap, read_map
from search.pictures.thumbnails import Thumbnails
from search.records import Collection, Picture
from search.stores import StoreBackend


class Library:
    """The collections of one catalog, and the thumbnails and maps of their pictures."""

    def __init__(
        self, catalog: Catalog, folder: IndexFolder, thumbnails: Thumbnails, stores: StoreBackend
    ) -> None:
        self._catalog = catalog
        self._folder = folder
        self._thumbnails = thumbnails
        self._stores = stores

    def thumbnail(
        self,
        picture_id: int,
        side_px: int,
        content_hash: str | None = None,
        check: Callable[[Picture], object] = lambda _: None,
    ) -> bytes:
        """Return a picture as WebP within a square of `side_px`; raise NotFound or BadPicture.

        With `content_hash`, a stored thumbnail is read without the catalog. `check` may raise
        before a picture's file is opened.
        """
        webp = self._thumbnails.find(content_hash, side_px) if content_hash else None
        if webp:
            return webp
        picture = self._catalog.pictures.one(picture_id)
        check(picture)
        return self._thumbnails.of(picture, side_px)

    def placeholder(self, picture: Picture) -> bytes | None:
        """Return a stored WebP of a few pixels to show while the picture loads, or None."""
        return self._thumbnails.placeholder(picture)

    def remove(self, name: str) -> None:
        """Remove a collection with its index files; the picture files stay.

        Raises:
            NotFound: there is no collection of that name.
            CollectionBusy: it is being indexed.
        """
        collection = self._catalog.collections.one(name)
        with self._catalog.lock(collection):
            self._catalog.collections.remove(collection)
        second = [] if collection.second is None else [collection.in_second_space()]
        for each in (collection, *second):
            self._stores.drop(each)
            self._folder.delete_files(each)

    def forget_missing(self, name: str) -> int:
        """Remove the pictures of a collection whose files were not found; return their number.

        Raises:
            NotFound: there is no collection of that name.
            CollectionBusy: it is being indexed.
        """
        collection = self._catalog.collections.one(name)
        with self._catalog.lock(collection):
            return self._catalog.writer.forget_missing(collection)

    def rename(self, name: str, new: str) -> None:
        """Rename a collection.

        Raises:
            NotFound: there is no collection of that name.
            BadSetting, NameTaken, CollectionBusy: as `CollectionRows.rename` does.
        """
        collection = self._catalog.collections.one(name)
        self._catalog.collections.rename(collection, new)

    def map_file(self, collection: Collection) -> Path:
        """Return the path of a collection's map."""
        return self._folder.map_path(collection)

    def picture_map(self, collection: Collection) -> PictureMap | None:
        """Return the map of a collection, or None where none belongs to its change log."""
        picture_map = read_map(self.map_file(collection))
        if picture_map is None:
            return None
        goes_on = self._catalog.changes.goes_on_from(
            collection.id, picture_map.position, picture_map.epoch
        )
        return picture_map if goes_on else None
