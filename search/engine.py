"""The engine: one object that answers queries and manages the collections of a catalog."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TypeVar

from search.catalog.catalog import Catalog
from search.catalog.records import CollectionSummary
from search.encoders import Encoder
from search.encoders.pool import EncoderPool
from search.errors import LimnError, Message
from search.facets.cache import FacetCache
from search.facets.records import EVERYTHING, AnswerSet, Facets
from search.indexes.folder import IndexFolder
from search.indexes.pool import IndexPool, OpenAnnBuilder
from search.library import Library
from search.library.map_file import PictureMap
from search.library.upgrades import Upgrades
from search.pictures import Limits
from search.pictures.thumbnails import Thumbnails
from search.query.filters.tree import Filter
from search.query.records import Answer, Hit, Query, TextTerm
from search.ranking.pagination import RankedResults
from search.ranking.searcher import Searcher
from search.ranking.timing import Timing
from search.records import Collection, Ids, Picture, Vectors
from search.stores import IndexKind, StoreBackend, VectorStore
from search.stores.planner.plan import IndexPlan, Report

WARM_UP = Query((TextTerm("a photograph"),))

T = TypeVar("T")


def once(build: Callable[[], T]) -> Callable[[], T]:
    """Return a function that builds a value at its first call, in one thread, and caches it."""
    lock, build_once = Lock(), cache(build)  # the cache alone may build one value for each thread

    def value() -> T:
        with lock:
            return build_once()

    return value


class Engine:
    """An engine that answers queries on the collections of a catalog. Safe for many threads.

    Encoders and stores are opened when first needed and stay open. So are the parts that search,
    count, and change collections: an indexing run needs none of them. A store is brought level with
    the catalog before each search, so pictures that another process committed are found at once.
    """

    def __init__(
        self,
        catalog: Catalog,
        open_encoder: Callable[[str], Encoder],
        stores: StoreBackend,
        index_dir: Path,
        thumbnails: Thumbnails,
        limits: Limits,
        open_ann_builder: OpenAnnBuilder | None = None,
        long_running: bool = False,
    ) -> None:
        """Take the parts; without `open_ann_builder`, every search is exact.

        An engine that is `long_running` writes index files in the background.
        """
        self.catalog = catalog
        self.limits = limits
        self.timing = timing = Timing()
        folder = IndexFolder(index_dir, catalog)
        self._encoders = encoders = EncoderPool(open_encoder)
        self._indexes = indexes = IndexPool(catalog, folder, stores, open_ann_builder, long_running)
        self._facets = facets = once(lambda: FacetCache(catalog))
        self._library = once(lambda: Library(catalog, folder, thumbnails, stores))
        self.upgrades = Upgrades(catalog, folder, stores)
        parts = (catalog, limits, encoders, indexes, timing)
        self._searcher = once(lambda: Searcher(*parts, facets().keep_only))

    def search(self, query: Query) -> list[Hit]:
        """Return the hits of `answer`, best first."""
        return list(self.answer(query).hits)

    def answer(self, query: Query, second: bool = False) -> Answer:
        """Answer a query, best hit first; an answer without hits gives the reason in its notes.

        With `second`, collections answer in their second spaces; SpaceMismatch if one has none.

        Raises:
            BadQuery: the query can't be answered as it is.
            BadPicture: a picture in it can't be read.
            NotFound: a collection or a picture that it names does not exist.
            EncoderUnavailable, SpaceMismatch: no encoder of the collections can be opened, or each
                makes another space now; where some can, a note names the collections left out.
        """
        results = self.order(query, second)
        page, notes, cuts = results.page, results.notes, results.cuts
        hits = self._searcher().hits(results, results.first, len(page.pictures))
        counts, readings = page.counts, results.readings
        return Answer(hits, page.confidence, page.more, notes, cuts, counts, readings)

    def order(self, query: Query, second: bool = False) -> RankedResults:
        """Return the ranking of `answer` without reading pictures; raise what `answer` raises."""
        return self._searcher().rank(query, second)

    def hits(self, results: RankedResults, start: int, count: int) -> tuple[Hit, ...]:
        """Return `count` hits from the rank `start` on, without pictures removed meanwhile."""
        return self._searcher().hits(results, start, count)

    def vectors_of(self, query: Query) -> dict[str, Vectors]:
        """Return a query's unit vector (width,) with its marks applied, by the id of each space.

        Raises what `answer` raises, and NotFound where nothing is indexed.
        """
        return self._searcher().vectors_of(query)

    def facets(
        self, names: Sequence[str] = (), where: Filter | None = None, answer: AnswerSet = EVERYTHING
    ) -> Facets:
        """Count the facets of collections, or of all; raise BadQuery, or NotFound for a name."""
        changes = self.catalog.collections.with_last_changes(names)
        return self._facets().facets(changes, where, answer)

    def encoder(self, spec: str) -> Encoder:
        """Return the encoder of that name, opened once."""
        return self._encoders.encoder(spec)

    def encoder_of(self, collection: Collection) -> Encoder:
        """Return the encoder that embedded a collection; raise SpaceMismatch if it changed."""
        return self._encoders.encoder_of(collection)

    def store(self, collection: Collection) -> VectorStore:
        """Return the collection's vectors, level with the catalog."""
        return self._indexes.store(collection)

    def caption_vectors(self, collection: Collection) -> tuple[Ids, Vectors]:
        """Return the ids of a collection's captions (`catalog.caption_ids`) and their vectors."""
        return self._indexes.store(collection, "captions").items()

    def forget_adapters(self) -> None:
        """Reload the adapters at the next search, after one was installed, switched or removed."""
        self._searcher().contexts.adapters.clear()

    def plan(self, collection: Collection, report: Report | None = None) -> IndexPlan:
        """Return the index plan of a collection; with `report`, measure and build it first."""
        return self._indexes.plan(collection, report)

    def wait_for_builds(self, timeout_s: float | None = None) -> None:
        """Wait until no ANN index is being built."""
        self._indexes.wait_for_builds(timeout_s)

    def index_sizes(self) -> list[tuple[str, IndexKind, int]]:
        """Return the number of vectors of each open index: collection, kind, number."""
        return self._indexes.sizes()

    def collections(self) -> list[Collection]:
        """Return the collections, by name."""
        return self.catalog.collections.all()

    def summaries(self, names: Sequence[str] = ()) -> list[CollectionSummary]:
        """Return the summaries of the collections; raise NotFound for an unknown name."""
        return self.catalog.collections.summaries(names)

    def picture(self, picture_id: int) -> Picture:
        """Return one picture; raise NotFound."""
        return self.catalog.pictures.one(picture_id)

    def thumbnail(
        self,
        picture_id: int,
        side_px: int,
        content_hash: str | None = None,
        check: Callable[[Picture], object] = lambda _: None,
    ) -> bytes:
        """Return a picture as WebP within a square of `side_px`; see `Library.thumbnail`."""
        return self._library().thumbnail(picture_id, side_px, content_hash, check)

    def placeholder(self, picture: Picture) -> bytes | None:
        """Return a stored WebP of a few pixels to show while the picture loads, or None."""
        return self._library().placeholder(picture)

    def remove(self, name: str) -> None:
        """Remove a collection with its index files; see `Library.remove`."""
        self._library().remove(name)

    def forget_missing(self, name: str) -> int:
        """Remove the pictures whose files were not found; see `Library.forget_missing`."""
        return self._library().forget_missing(name)

    def rename(self, name: str, new: str) -> None:
        """Rename a collection; see `Library.rename`."""
        self._library().rename(name, new)

    def map_file(self, collection: Collection) -> Path:
        """Return the path of a collection's map."""
        return self._library().map_file(collection)

    def picture_map(self, collection: Collection) -> PictureMap | None:
        """Return the map of a collection, or None where none belongs to its change log."""
        return self._library().picture_map(collection)

    def warm(self) -> tuple[Message, ...]:
        """Load what the first query would wait for; return notes about missing encoders."""
        notes = self._searcher().warm()
        with suppress(LimnError):  # the next search raises it again, for its user
            self.answer(WARM_UP)  # measures the background, and compiles the SQL of every search
        return notes

    def follow(self) -> None:
        """Bring the indexes level with the catalog, as the next search would."""
        if self._indexes.follow():
            self._searcher().contexts.backgrounds.clear()

    def close(self) -> None:
        """Write stores that changed to their files, for a quicker next start."""
        self._indexes.close()
