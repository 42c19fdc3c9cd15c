"""Changes of a collection's encoder pair: switched, gone back from, finished, or given up."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from search.catalog.catalog import Catalog
from search.catalog.jobs import ENDED, UPGRADE, Job
from search.catalog.second_space_errors import occupied, unsuited
from search.errors import CollectionBusy, Message, StorageFailed
from search.indexes.folder import IndexFolder
from search.records import Collection, SecondSpace, SecondSpaceState
from search.stores import StoreBackend

# The time that a cancelled job has to end, and the interval of looking whether it has.
CANCEL_S = 5.0
LOOK_EVERY_S = 0.1

# A row of an embedding in SQL with its key, and its id in an index file.
ROW_BYTES = 100


def room_bytes(pictures: int, captions: int, width: int) -> int:
    """Return the room on disk of embeddings: float16 in SQL and in index files, and their rows."""
    return (pictures + captions) * (4 * width + ROW_BYTES)


def check_room(folder: Path, size_bytes: int) -> None:
    """Raise StorageFailed where the disk of a folder can't hold so much."""
    above = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    free_bytes = shutil.disk_usage(above).free
    if size_bytes > free_bytes:
        free, wanted = free_bytes / 1e6, size_bytes / 1e6
        raise StorageFailed(
            "upgrade-disk-full",
            "the disk of {folder!r} has {free:,.0f} MB free, and the embeddings by the new pair "
            "take {wanted:,.0f} MB; make room, and run the command again",
            folder=str(folder),
            free=free,
            wanted=wanted,
            outside=Message(
                "upgrade-server-disk-full",
                "the server's disk has {free:,.0f} MB free, and the embeddings by the new pair "
                "take {wanted:,.0f} MB; make room on it, and begin again",
                free=free,
                wanted=wanted,
            ),
        )


class Upgrades:
    """The changes of the encoder pairs of one catalog's collections.

    `indexer.indexing.upgrade` embeds the pictures by the second pair before. A collection that is
    being indexed, or embedded by its second pair, is left alone: every method raises CollectionBusy
    then, NotFound for an unknown name, and SpaceMismatch where the step does not suit.
    """

    def __init__(self, catalog: Catalog, folder: IndexFolder, stores: StoreBackend) -> None:
        self._catalog = catalog
        self._folder = folder
        self._stores = stores

    def ask(self, name: str, encoder: str, workers: int | None = None) -> Job:
        """Return the job that embeds a collection by a pair: queued now, unless one is under way.

        Raises:
            NotFound: there is no such collection.
            SpaceMismatch: the job under way embeds it by another pair.
        """
        collection, jobs = self._catalog.collections.one(name), self._catalog.jobs
        job = self.unfinished_job(collection)
        if job is not None:
            present = (job.request or {}).get("encoder", str(job.source))
            second = collection.second  # its encoder may be the full name of a short one
            if encoder != present and (second is None or encoder != second.space.encoder):
                raise occupied(collection, present, "filling")
            return job
        request = {"name": collection.name, "encoder": encoder, "workers": workers}
        return jobs.one(jobs.ask(collection.name, UPGRADE, {**request, "sources": [encoder]}))

    def switch(self, name: str, incomplete: bool = False) -> Collection:
        """Answer by the second pair from now on; return the collection as it is then.

        The former pair's embeddings stay, so that `back` takes a moment. With `incomplete`,
        pictures that the second pair did not embed do not hinder.
        """
        with self._locked(name) as collection:
            self._catalog.second_spaces.exchange(collection, "ready", incomplete)
        return self._catalog.collections.one(name)

    def back(self, name: str, incomplete: bool = False) -> Collection:
        """Answer by the former pair again, as before the switch."""
        with self._locked(name) as collection:
            self._catalog.second_spaces.exchange(collection, "former", incomplete)
        return self._catalog.collections.one(name)

    def finish(self, name: str) -> None:
        """Free the embeddings of the former pair; there is no way back then."""
        self._free(name, ("former",))

    def discard(self, name: str) -> None:
        """Give up the second pair, embedded whole or in part, and free its embeddings.

        A job that embeds by it is cancelled.
        """
        jobs, job = self._catalog.jobs, self.unfinished_job(self._catalog.collections.one(name))
        if job is not None:
            jobs.cancel(job.id)
        deadline_s = monotonic() + CANCEL_S
        while job is None or self._catalog.collections.one(name).second is not None:
            try:
                self._free(name, ("filling", "ready"))
            except CollectionBusy:
                if monotonic() > deadline_s:
                    raise
                sleep(LOOK_EVERY_S)
            else:
                break
        if job is not None:  # its process may have died before
            jobs.end(job.id, "cancelled")

    def has_work(self, collection: Collection) -> bool:
        """Return whether the second pair has to embed something, the first time or since."""
        match collection.second:
            case SecondSpace(state="filling"):
                return True
            case SecondSpace(space, "ready" | "former"):
                return any(self._catalog.embeddings.count_lacking(collection, space))
        return False

    def unfinished_job(self, collection: Collection) -> Job | None:
        """Return the job that embeds a collection by its second pair, queued or running."""
        jobs = self._catalog.jobs.of(collection.name, 1, UPGRADE)
        return next((job for job in jobs if job.state not in ENDED), None)

    def _free(self, name: str, states: tuple[SecondSpaceState, ...]) -> None:
        with self._locked(name) as collection:
            if collection.second is None:
                raise unsuited(collection, "", None)
            self._catalog.second_spaces.free(collection, states)
            self._catalog.embeddings.free(collection, collection.second.space)
            former = collection.in_second_space()
            self._stores.drop(former)
            self._folder.delete_files(former)
            self._catalog.second_spaces.forget(collection, collection.second.space)

    @contextmanager
    def _locked(self, name: str) -> Iterator[Collection]:
        """Yield a collection that nobody indexes or embeds during the block."""
        collection = self._catalog.collections.one(name)
        with self._catalog.lock(collection), self._catalog.upgrade_lock(collection):
            yield self._catalog.collections.one(name)
