"""Maps of collections: finding one, or queueing its job."""

from search.catalog.jobs import ENDED, Job
from search.engine import Engine
from search.errors import NotFound
from search.library.map_file import PictureMap
from search.records import Collection
from web.services.worker_process import WorkerProcesses


class Maps:
    """The maps of an engine's collections."""

    def __init__(self, engine: Engine, workers: WorkerProcesses) -> None:
        self._engine = engine
        self._workers = workers

    def find(self, name: str) -> tuple[Collection, PictureMap | None]:
        """Return a collection with its map, or None for the map; raise NotFound."""
        collection = self._engine.catalog.collections.one(name)
        return collection, self._engine.picture_map(collection)

    def get(self, name: str) -> tuple[Collection, PictureMap]:
        """Return a collection with its map; raise NotFound where either is missing."""
        collection, picture_map = self.find(name)
        if picture_map is None:
            raise NotFound(
                "map-missing",
                "collection {name!r} has no map yet; make one: limn map {name!q}",
                name=name,
            )
        return collection, picture_map

    def is_stale(self, collection: Collection, picture_map: PictureMap) -> bool:
        """Return whether the collection has changed since its map was made."""
        return self._engine.catalog.changes.last(collection.id) != picture_map.position

    def make(self, name: str) -> Job:
        """Queue the job that makes a map, unless one is queued or running; raise NotFound."""
        self._engine.catalog.collections.one(name)
        jobs = self._engine.catalog.jobs
        for job in jobs.of(name, 1, "map"):
            if job.state not in ENDED:
                return job
        new_job = jobs.one(jobs.ask(name, "map", {"sources": [name], "name": name}))
        self._workers.call()
        return new_job
