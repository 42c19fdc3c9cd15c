"""Maps of collections: finding one, what of it answers a question, or queueing its job."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.catalog.jobs import ENDED, Job
from search.engine import Engine
from search.errors import NotFound
from search.library.map_file import PictureMap, Region
from search.query.records import Hit, Query
from search.records import Collection
from web.services.result_cache import ResultCache
from web.services.worker_process import WorkerProcesses


@dataclass(frozen=True, slots=True)
class Matches:
    """The pictures of a map that answer a question, best first, and their number by region.

    `counts` are in the order of the map's regions; a picture belongs to the nearest one of each
    level. `best` are the first hits.
    """

    ids: Sequence[int]
    counts: Sequence[int]
    best: Sequence[Hit]


class Maps:
    """The maps of an engine's collections."""

    def __init__(self, engine: Engine, workers: WorkerProcesses, results: ResultCache) -> None:
        self._engine = engine
        self._workers = workers
        self._results = results

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

    def matches(self, picture_map: PictureMap, query: Query, best: int) -> Matches:
        """Return what of a map answers a query; raises what `Engine.answer` raises."""
        results = self._results.whole(query)
        on_map = frozenset(picture_map.ids.tolist())
        sure = [each.picture_id for each in results.page.pictures if each.is_sure]
        ids = [picture_id for picture_id in sure if picture_id in on_map]
        hits = self._engine.hits(results, 1, min(best, len(sure)))
        return Matches(ids, counts_of(picture_map, ids), hits)

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


def counts_of(picture_map: PictureMap, ids: Sequence[int]) -> list[int]:
    """Return how many of the pictures lie in each region of a map: in the nearest of each level."""
    places = picture_map.places[np.isin(picture_map.ids, np.asarray(ids, dtype=np.int64))]
    counts = [0] * len(picture_map.regions)
    for level in {region.level for region in picture_map.regions}:
        rows = [row for row, each in enumerate(picture_map.regions) if each.level == level]
        centres = np.array([_centre(picture_map.regions[row]) for row in rows], dtype=np.float32)
        away = ((places[:, None] - centres[None]) ** 2).sum(axis=2)
        for row, count in zip(*np.unique(away.argmin(axis=1), return_counts=True), strict=True):
            counts[rows[row]] = int(count)
    return counts


def _centre(region: Region) -> tuple[float, float]:
    return region.x, region.y
