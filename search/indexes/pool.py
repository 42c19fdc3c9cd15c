"""The vector stores of an engine, with their followers and ANN builders."""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import get_args

from search.catalog.catalog import Catalog
from search.indexes.ann_builder import AnnBuilder
from search.indexes.collection_indexes import CollectionIndexes
from search.indexes.folder import IndexFolder
from search.indexes.follower import Follower
from search.records import Collection, Ids, Vectors
from search.stores import IndexKind, StoreBackend, VectorStore
from search.stores.planner.plan import IndexPlan, Report

# Captions with which ANN indexes are measured, in place of people's queries.
MAX_TEXTS = 4_000

Key = tuple[int, str, IndexKind]

SearchedCollections = Sequence[tuple[Collection, int]]
"""The collections that a query searches, each with the number of its last change."""

OpenAnnBuilder = Callable[[Path, Callable[[], Vectors]], AnnBuilder]
"""A function that opens the ANN builder of an index file, given texts to measure with."""


class IndexPool:
    """The stores of an engine, opened at first use. Safe to call from many threads.

    A store is brought level with the catalog before each search, so pictures that another process
    committed are found at once.
    """

    def __init__(
        self,
        catalog: Catalog,
        folder: IndexFolder,
        stores: StoreBackend,
        open_ann_builder: OpenAnnBuilder | None = None,
        long_running: bool = False,
    ) -> None:
        """Take the parts; without `open_ann_builder`, every search is exact.

        A process that is `long_running` writes index files in the background.
        """
        self._catalog = catalog
        self._folder = folder
        self._stores = stores
        self._open_ann_builder = open_ann_builder
        self._long_running = long_running
        self._followers: dict[Key, Follower] = {}
        self._builders: dict[Key, AnnBuilder] = {}
        self._lock = threading.Lock()

    def store(
        self, collection: Collection, kind: IndexKind = "pictures", last_change: int | None = None
    ) -> VectorStore:
        """Return a collection's store, level with the catalog, or at least with `last_change`."""
        return self._follower(collection, kind).store(last_change)

    def indexes(
        self,
        collections: SearchedCollections,
        with_captions: bool,
        allowed_ids: Mapping[int, Ids] | None = None,
    ) -> list[CollectionIndexes]:
        """Return the stores of collections for one search, level with their last changes.

        `allowed_ids` has the ids of the pictures that pass the filter, by collection.
        """
        indexes = []
        for collection, last_change in collections:
            pictures = self.store(collection, "pictures", last_change)
            captions = self.store(collection, "captions", last_change) if with_captions else None
            indexes.append(
                CollectionIndexes(
                    pictures,
                    captions,
                    allowed_ids=None if allowed_ids is None else allowed_ids[collection.id],
                    picture_count=len(pictures),
                    caption_count=0 if captions is None else len(captions),
                )
            )
        return indexes

    def plan(self, collection: Collection, report: Report | None = None) -> IndexPlan:
        """Return the index plan of a collection; with `report`, measure and build it first."""
        follower = self._follower(collection)
        store = follower.store()
        builder = self._builders.get((collection.id, collection.space.id, "pictures"))
        if builder is None:
            return IndexPlan("exact", len(store), reasons=("this engine searches exactly",))
        return builder.plan(store) if report is None else builder.measure(follower, store, report)

    def wait_for_builds(self, timeout_s: float | None = None) -> None:
        """Wait until no ANN index is being built."""
        for builder in list(self._builders.values()):
            builder.wait(timeout_s)

    def sizes(self) -> list[tuple[str, IndexKind, int]]:
        """Return the number of vectors of each open store: collection, kind, number."""
        with self._lock:
            followers = list(self._followers.items())
        return [(follower.collection.name, key[2], follower.size) for key, follower in followers]

    def follow(self) -> bool:
        """Bring every store level with the catalog; return whether any was dropped."""
        collections = self._catalog.collections.with_last_changes()
        has_others = self.keep_only([collection for collection, _ in collections])
        for collection, last_change in collections:
            for kind in get_args(IndexKind):
                self.store(collection, kind, last_change)
        return has_others

    def keep_only(self, collections: Sequence[Collection]) -> bool:
        """Drop the stores of all other collections and spaces; return whether there were any."""
        spaces = {(each.id, each.space.id) for each in collections}
        spaces |= {(each.id, each.second.space.id) for each in collections if each.second}
        with self._lock:
            followers = {
                key: follower for key, follower in self._followers.items() if key[:2] in spaces
            }
            has_others = len(followers) < len(self._followers)
            if has_others:
                self._followers = followers
        return has_others

    def close(self) -> None:
        """Stop the builders, and write stores that changed to their files."""
        for builder in list(self._builders.values()):
            builder.close()
        self.keep_only(self._catalog.collections.all())
        for follower in list(self._followers.values()):
            follower.save()

    def _follower(self, collection: Collection, kind: IndexKind = "pictures") -> Follower:
        key = (collection.id, collection.space.id, kind)
        with self._lock:
            if key not in self._followers:
                path = self._folder.index_path(collection, kind)
                if self._open_ann_builder is not None:
                    texts = partial(self._texts, collection)
                    self._builders[key] = self._open_ann_builder(path, texts)
                self._followers[key] = Follower(
                    self._catalog,
                    collection,
                    self._stores,
                    path,
                    kind,
                    self._builders.get(key),
                    self._long_running,
                )
            return self._followers[key]

    def _texts(self, collection: Collection) -> Vectors:
        """Return embeddings of a collection's captions, which resemble people's queries."""
        captions = self.store(collection, "captions")
        ids = captions.ids()
        return captions.rows(ids[:: max(1, len(ids) // MAX_TEXTS)][:MAX_TEXTS])[1]
