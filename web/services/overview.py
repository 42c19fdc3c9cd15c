"""An overview of the collections for the first page: a mosaic of each, years, and the newest."""

from collections.abc import Sequence
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
class Bar:
    """The pictures of a month or a year, and their number in hundredths of the largest."""

    value: str
    pictures: int
    height: int


@dataclass(frozen=True, slots=True)
class Year:
    """A year with a bar for each of its months, the latest first, or with one for all of it."""

    value: str
    bars: Sequence[Bar]


class Overview:
    """The overview of an engine's collections. Thread-safe."""

    def __init__(self, engine: Engine, queries: PageQueries) -> None:
        self._engine = engine
        self._queries = queries
        self._mosaics: LRUCache[tuple[int, int], tuple[int, ...]] = LRUCache(MAX_MOSAICS)
        self._lock = Lock()

    def mosaics(self) -> dict[str, list[Picture]]:
        """Return four pictures of each collection, or fewer, by the collection's name."""
        ids: dict[str, tuple[int, ...]] = {}
        for collection, last_change in self._engine.catalog.collections.with_last_changes():
            key = (collection.id, last_change)
            with self._lock:
                chosen = self._mosaics.get(key)
            if chosen is None:
                chosen = self._choose(collection)
                with self._lock:
                    self._mosaics[key] = chosen
            ids[collection.name] = chosen
        pictures = self._engine.catalog.pictures.by_id(
            [each for row in ids.values() for each in row]
        )
        return {
            name: [pictures[each] for each in chosen if each in pictures]
            for name, chosen in ids.items()
        }

    def years(self) -> list[Year]:
        """Return the years in which pictures were taken, the latest first; none without dates."""
        dates = self._engine.facets().dates
        return [] if dates is None else years_of(dates)

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
        chosen = dict.fromkeys([*first_of_minute.values(), *sample])
        return tuple(chosen)[:MOSAIC_PICTURES]


def years_of(dates: Dates) -> list[Year]:
    """Return the years of a facet of dates, the latest first, by months where these are known."""
    length = YEAR_LENGTH if dates.unit == "year" else MONTH_LENGTH
    counts: dict[str, int] = {}
    for value in dates.values:
        counts[value.value[:length]] = counts.get(value.value[:length], 0) + value.pictures
    most = max(counts.values(), default=1)
    bars = [
        Bar(value, pictures, -(-100 * pictures // most))
        for value, pictures in sorted(counts.items(), reverse=True)
    ]
    years = groupby(bars, lambda bar: bar.value[:YEAR_LENGTH])
    grouped = [Year(value, tuple(group)) for value, group in years]
    return [year for year in grouped if any(bar.pictures for bar in year.bars)]
