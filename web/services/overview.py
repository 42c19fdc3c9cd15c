"""An overview of the collections for the first page: a mosaic of each, years, and the newest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from threading import Lock

from cachetools import LRUCache

from search.engine import Engine
from search.facets.records import Dates
from search.query.records import Hit
from search.records import Collection, Picture
from web.requests.search_url import SearchUrl
from web.services.page_query import PageQueries

# A mosaic shows four pictures; of this many, those of one minute make room for others.
MOSAIC_PICTURES, MOSAIC_SAMPLE = 4, 24
MAX_MOSAICS = 200

MINUTE_LENGTH = len("2021-05-14T16:20")
YEAR_LENGTH, MONTH_LENGTH = len("2021"), len("2021-05")

NEWEST_PICTURES = 30


@dataclass(frozen=True, slots=True)
class TimeBar:
    """The pictures of a month or a year, and their number in hundredths of the largest."""

    value: str
    pictures: int
    height: int


@dataclass(frozen=True, slots=True)
class Year:
    """A year with a bar for each of its months, the latest first, or with one for all of it."""

    value: str
    bars: Sequence[TimeBar]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The years in which pictures were taken, the latest first, and the number without a date."""

    years: Sequence[Year]
    without_date: int


class Overview:
    """The overview of an engine's collections. Thread-safe."""

    def __init__(self, engine: Engine, queries: PageQueries) -> None:
        self._engine = engine
        self._queries = queries
        self._mosaics: LRUCache[tuple[int, int], tuple[int, ...]] = LRUCache(MAX_MOSAICS)
        self._lock = Lock()

    def mosaics(self) -> dict[str, list[Picture]]:
        """Return four pictures of each collection, or fewer, by the collection's name."""
        return self._pictures(self._engine.catalog.collections.with_last_changes())

    def mosaic(self, name: str) -> list[Picture]:
        """Return four pictures of a collection, or fewer; raise NotFound."""
        return self._pictures(self._engine.catalog.collections.with_last_changes([name]))[name]

    def _pictures(self, collections: Iterable[tuple[Collection, int]]) -> dict[str, list[Picture]]:
        ids_by_name: dict[str, tuple[int, ...]] = {}
        for collection, last_change in collections:
            key = (collection.id, last_change)
            with self._lock:
                ids = self._mosaics.get(key)
            if ids is None:
                ids = self._choose(collection)
                with self._lock:
                    self._mosaics[key] = ids
            ids_by_name[collection.name] = ids
        all_ids = [picture_id for ids in ids_by_name.values() for picture_id in ids]
        pictures = self._engine.catalog.pictures.by_id(all_ids)
        return {
            name: [pictures[picture_id] for picture_id in ids if picture_id in pictures]
            for name, ids in ids_by_name.items()
        }

    def timeline(self) -> Timeline | None:
        """Return when pictures were taken; None where no date is known."""
        facets = self._engine.facets()
        if facets.dates is None:
            return None
        with_date = sum(value.pictures for value in facets.dates.values)
        return Timeline(years_of(facets.dates), facets.pictures - with_date)

    def newest(self, url: SearchUrl) -> Sequence[Hit]:
        """Return the first pictures of a question without words, such as all, the newest first."""
        return self._engine.answer(self._queries.query_of(url, NEWEST_PICTURES, 0)).hits

    def _choose(self, collection: Collection) -> tuple[int, ...]:
        catalog = self._engine.catalog
        sample = catalog.picture_samples.draw(collection, MOSAIC_SAMPLE)
        pictures = catalog.pictures.by_id(sample)
        first_of_minute: dict[str, int] = {}
        for picture_id in sample:
            if picture_id in pictures:
                taken_at = pictures[picture_id].facts.taken_at or str(picture_id)
                first_of_minute.setdefault(taken_at[:MINUTE_LENGTH], picture_id)
        return tuple(dict.fromkeys([*first_of_minute.values(), *sample]))[:MOSAIC_PICTURES]


def years_of(dates: Dates) -> list[Year]:
    """Return the years of a facet of dates, the latest first, by months where these are known."""
    length = YEAR_LENGTH if dates.unit == "year" else MONTH_LENGTH
    counts: dict[str, int] = {}
    for value in dates.values:
        counts[value.value[:length]] = counts.get(value.value[:length], 0) + value.pictures
    most = max(counts.values(), default=1)
    bars = [
        TimeBar(value, pictures, -(-100 * pictures // most))
        for value, pictures in sorted(counts.items(), reverse=True)
    ]
    groups = groupby(bars, lambda bar: bar.value[:YEAR_LENGTH])
    years = [Year(value, tuple(group)) for value, group in groups]
    return [year for year in years if any(bar.pictures for bar in year.bars)]
