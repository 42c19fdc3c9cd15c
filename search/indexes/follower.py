"""The follower of one collection: keeps its store level with the change log, and its file too."""

import errno
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

from search.catalog.catalog import Catalog
from search.errors import IndexDamaged, Message, StorageFailed
from search.records import Collection
from search.stores import DurableStore, IndexKind, StoreBackend, VectorStore
from search.stores.index_file import IndexHeader, read_index, write_index

log = logging.getLogger(__name__)

# A file is written again once this share of the store has changed since, or this many vectors: a
# crash then costs reading that much of the log again, about a second.
SAVE_SHARE = 0.1
SAVE_LEAST = 2_000

RESTORED = Message("index-of-replaced-log", "the database was restored from a backup since")

DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)


class Follower:
    """The store of one collection and kind, brought level with SQL at each use.

    The file is a cache: if it is missing, damaged, of another catalog, space or version, or of a
    log that a restored backup has replaced, it is deleted and all vectors are read from the log.
    Nothing is embedded again. A durable store has no file, and keeps its last change itself.
    `on_change` is called with the store when it was opened or has changed. In a process that is
    `long_running` the file is written in the background.
    """

    def __init__(
        self,
        catalog: Catalog,
        collection: Collection,
        backend: StoreBackend,
        path: Path,
        kind: IndexKind = "pictures",
        on_change: "Callable[[Follower, VectorStore], None] | None" = None,
        long_running: bool = False,
    ) -> None:
        self.collection = collection
        self.path = path
        self._catalog = catalog
        self._backend = backend
        self._kind = kind
        self._on_change = on_change
        self._long_running = long_running
        self._changes_after = (
            catalog.changes.of_pictures if kind == "pictures" else catalog.changes.of_captions
        )
        self._goes_on_from = catalog.changes.goes_on_from
        self._lock = threading.Lock()
        self._store: VectorStore | None = None
        self._position = 0
        self._epoch = ""
        self._unsaved_count = 0
        self._is_saving = False
        self._saver: threading.Thread | None = None

    @property
    def size(self) -> int:
        """Return the number of vectors in the store now; 0 while it is not loaded."""
        store = self._store
        return 0 if store is None else len(store)

    def store(self, head: int | None = None) -> VectorStore:
        """Return the store with all changes committed before this call, or up to `head`.

        While another thread writes the store's file, the store is returned as it is: on a disk that
        an indexing run keeps busy, the write takes seconds.
        """
        store = self._store
        if self._is_saving and store is not None:
            return store
        with self._lock:
            is_new = self._store is None
            if self._store is None:
                self._store = self._load()
            if head is None:
                head = self._catalog.changes.last(self.collection.id)
            has_changes = head != self._position
            if has_changes:
                if not self._goes_on_from(self.collection.id, self._position, self._epoch):
                    log.warning("index %s is rebuilt: %s", self.path, RESTORED)
                    self._store = self._clear(self._store)
                self._follow(self._store)
            store = self._store
        if self._on_change is not None and (is_new or has_changes):
            self._on_change(self, store)
        return store

    def save(self) -> None:
        """Write the store to its file if anything changed; a failure costs only time later."""
        with self._lock:
            if self._store is not None and self._unsaved_count:
                self._is_saving = True
                try:
                    self._save(self._store)
                finally:
                    self._is_saving = False

    def header(self, store: VectorStore) -> IndexHeader:
        """Return the header of a file that belongs to the index."""
        return IndexHeader(
            catalog_id=self._catalog.identity(),
            collection_id=self.collection.id,
            space_id=self.collection.space.id,
            width=self.collection.space.width,
            count=len(store),
            position=self._position,
            store=f"{type(store).__name__} of {self._kind}",
            epoch=self._epoch,
        )

    def _follow(self, store: VectorStore) -> None:
        for changes in self._changes_after(self.collection, self._position):
            store.remove(changes.removed)
            store.put(changes.ids, changes.vectors)
            self._position, self._epoch = changes.position, changes.epoch
            # The position in the log is stored too, where reading on changed nothing.
            self._unsaved_count += max(1, len(changes.ids) + len(changes.removed))
        if self._backend.durable:
            cast(DurableStore, store).last_change = self._position, self._epoch
            self._unsaved_count = 0
        if self._unsaved_count < max(SAVE_LEAST, SAVE_SHARE * len(store)):
            return
        if not self._long_running:
            self._save(store)
        elif self._saver is None or not self._saver.is_alive():
            self._saver = threading.Thread(target=self.save, name="limn-save", daemon=True)
            self._saver.start()

    def _empty(self) -> VectorStore:
        self._position, self._epoch = 0, ""
        return self._backend.open(self.collection, self.collection.space, self._kind)

    def _open_durable(self) -> VectorStore:
        """Open a durable store at its last change; emptied, if that belongs to another log."""
        store = self._empty()
        self._position, self._epoch = cast(DurableStore, store).last_change
        if self._goes_on_from(self.collection.id, self._position, self._epoch):
            return store
        log.warning("the store of %s is filled again: %s", self.collection.name, RESTORED)
        return self._clear(store)

    def _clear(self, store: VectorStore) -> VectorStore:
        """Return the store without its vectors, or a new one in its place."""
        if not self._backend.durable:
            return self._empty()
        self._position, self._epoch = 0, ""
        store.remove(store.ids())
        cast(DurableStore, store).last_change = 0, ""
        return store

    def _load(self) -> VectorStore:
        if self._backend.durable:
            return self._open_durable()
        store = self._empty()
        try:
            content = read_index(self.path)
            if content is not None:
                header, payload = content
                self._check(header, store)
                store.load(payload)
                self._position, self._epoch = header.position, header.epoch
        except IndexDamaged as error:
            log.warning("index file %s is rebuilt from the database: %s", self.path, error)
            store = self._empty()
        return store

    def _check(self, header: IndexHeader, store: VectorStore) -> None:
        expected = replace(
            self.header(store), position=header.position, count=header.count, epoch=header.epoch
        )
        if header != expected:
            raise IndexDamaged(
                "index-header-differs",
                "it was written for {found}, and {wanted} is wanted",
                found=header,
                wanted=expected,
            )
        if not self._goes_on_from(self.collection.id, header.position, header.epoch):
            raise IndexDamaged(RESTORED)

    def _save(self, store: VectorStore) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_index(self.path, self.header(store), store.dump())
        except (OSError, StorageFailed) as error:
            # A user who may only read the folder knows it: the index stays in memory.
            is_denied = getattr(error.__cause__ or error, "errno", None) in DENIED
            level = logging.INFO if is_denied else logging.WARNING
            log.log(level, "index file %s was not written: %s", self.path, error)
        else:
            if store.heavy:
                self._put_down(store)
        self._unsaved_count = 0

    def _put_down(self, store: VectorStore) -> None:
        """Map vectors from the file just written, in place of memory."""
        content = read_index(self.path)
        if content is not None:
            store.load(content[1])
