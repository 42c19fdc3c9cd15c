"""The engine: embeds a query, searches the stores, joins the answers with SQL, in rank order."""

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import get_args

from search.adapters import Adapter
from search.catalog.catalog import Catalog
from search.catalog.full_text import FoundWords
from search.catalog.records import Collection, CollectionSummary
from search.encoders import Encoder
from search.errors import BadQuery, LimnError, NotFound, SpaceMismatch
from search.facets.cache import Holdings
from search.facets.records import Facets
from search.filters.contradictions import contradiction, told
from search.filters.grammar import written
from search.filters.tree import Filter
from search.indexes.ann_builder import Staging
from search.indexes.follower import Follower, Kept
from search.map_file import PictureMap, read_map
from search.pictures import Limits
from search.pictures.thumbnails import Thumbnails
from search.query.checks import MOST_HITS, check
from search.query.records import Answer, Cut, Hit, PictureTerm, Query, TextTerm
from search.ranking.calibration import Background, fit
from search.ranking.candidates import Ranker, Shelf, by_words, hit_of, newest_first, ranker
from search.ranking.embedding import Asked, cuts
from search.ranking.pagination import Order, Page, arrange
from search.ranking.query_vectors import Terms
from search.records import Ids, Picture, Vectors
from search.stores import VectorStore
from search.stores.planner.plan import Plan
from search.timing import Timing

NOTHING_INDEXED = "no pictures are indexed yet; limn index PATH"

REHEARSAL = Query((TextTerm("a photograph"),))

# An adapter that another process has installed is taken up within so many seconds.
ADAPTERS_FRESH_S = 60.0

# Captions that stand for what people ask, to measure first passes with.
MOST_TEXTS = 4_000

# What chance is measured on may grow or shrink by this much before it is measured again.
STALE_SHARE = 0.1


class Engine:
    """Answers queries over the collections of one catalog. Safe to call from many threads.

    Encoders and stores are opened when first needed and kept; a store is brought level with the
    catalog before each search, so pictures committed by another process are found at once.
    """

    def __init__(
        self,
        catalog: Catalog,
        open_encoder: Callable[[str], Encoder],
        open_store: Callable[[int], VectorStore],
        index_dir: Path,
        thumbnails: Thumbnails,
        limits: Limits,
        open_staging: Callable[[Path, Callable[[], Vectors]], Staging] | None = None,
        lasting: bool = False,
    ) -> None:
        """`open_staging` makes what gives a store its first pass; without it, all are exact.

        An engine that is `lasting` writes index files in the background.
        """
        self.catalog = catalog
        self.limits = limits
        self.timing = Timing()
        self._open_encoder = open_encoder
        self._open_store = open_store
        self._index_dir = index_dir
        self._thumbnails = thumbnails
        self._encoders: dict[str, Encoder] = {}
        self._followers: dict[tuple[int, str, Kept], Follower] = {}
        self._open_staging = open_staging
        self._lasting = lasting
        self._stagings: dict[tuple[int, str, Kept], Staging] = {}
        self._backgrounds: dict[tuple[int, ...], tuple[int, Background]] = {}
        self._adapters: tuple[float, dict[tuple[int, str], Adapter]] = (-math.inf, {})
        self._lock = threading.Lock()
        self._holdings = Holdings(catalog)

    def search(self, query: Query) -> list[Hit]:
        """The hits of `answer`, best first."""
        return list(self.answer(query).hits)

    def answer(self, query: Query) -> Answer:
        """Answer a query, best first; an answer without hits says why in its notes.

        Raises:
            BadQuery: the query can't be answered as it stands.
            BadPicture: a picture in it can't be read.
            NotFound: a collection or a picture that it names is not there.
            SpaceMismatch: the collections were embedded by different encoders.
            EncoderUnavailable: their encoder can't be opened.
        """
        order = self.order(query)
        page = order.page
        hits = self.hits(order, order.first, len(page.places))
        return Answer(hits, page.confidence, page.more, page.notes, order.cuts)

    def hits(self, order: Order, start: int, count: int) -> tuple[Hit, ...]:
        """`count` hits of an answer from the rank `start` on; those that are gone are left out."""
        ranking = order.ranking
        if ranking is None:
            return ()
        places = order.page.places[start - order.first :][:count]
        with self.timing.stage("join"):
            pictures = self.catalog.pictures.by_id([place.picture_id for place in places])
        return tuple(
            hit_of(place, pictures[place.picture_id], rank, ranking)
            for rank, place in enumerate(places, start=start)
            if place.picture_id in pictures
        )

    def order(self, query: Query) -> Order:
        """What `answer` answers, without the pictures themselves; raises what it raises."""
        check(query)
        searched = self._searched(query)
        ids = [collection.id for collection, _ in searched]
        if query.where is not None:
            query = replace(query, where=self.catalog.filters.resolved(ids, query.where))
        if not searched:
            return nothing(NOTHING_INDEXED)
        if not query.ranks:
            return self._newest(query, searched)
        collections = [collection for collection, _ in searched]
        encoder = self.encoder_of(collections[0])
        cut = cuts(query.terms, encoder)
        allowed = None
        if query.where is not None:
            with self.timing.stage("filter"):
                allowed = self.catalog.filters.ids(ids, query.where)
            if not any(map(len, allowed.values())):
                return nothing(none_passes(query.where), cut)
        with self.timing.stage("align"):
            shelves = [self._shelf(held, head, query, allowed) for held, head in searched]
        if not any(len(shelf.pictures) for shelf in shelves):
            return nothing(NOTHING_INDEXED, cut)
        background = partial(self._background, shelves, encoder)
        with self.timing.stage("embed"):
            asked, bent = self._terms(encoder, collections, background).read(query)
        self.timing.batch("texts", sum(isinstance(each, TextTerm) for each in query.terms))
        self.timing.batch("pictures", sum(isinstance(each, PictureTerm) for each in query.terms))
        with self.timing.stage("words"):
            words = self._found_words(asked, query, collections, shelves)
        return self._order(query, ranker(query, asked, shelves, words, background, bent), cut)

    def facets(self, collections: Sequence[str] = (), where: Filter | None = None) -> Facets:
        """What these collections hold, or all of them, counted under a filter.

        Raises:
            BadQuery: the filter can't be followed.
            NotFound: a collection is not there.
        """
        return self._holdings.facets(self.catalog.collections.with_last_changes(collections), where)

    def vector_of(self, query: Query) -> tuple[str, Vectors]:
        """Where a query leads, marks included: the id of the space, and a unit vector (width,).

        Raises what `answer` raises, and NotFound where nothing is indexed.
        """
        check(query)
        if not query.ranks:
            raise BadQuery("nothing is asked that leads anywhere; give words, a picture, or both")
        searched = self._searched(query)
        if not searched:
            raise NotFound(NOTHING_INDEXED)
        collections = [collection for collection, _ in searched]
        encoder = self.encoder_of(collections[0])
        shelves = [self._shelf(collection, head, query, None) for collection, head in searched]
        background = partial(self._background, shelves, encoder)
        terms = self._terms(encoder, collections, background)
        asked, bent = terms.read(query)
        return encoder.space.id, (bent.vector if bent else asked.vector)[0]

    def encoder(self, spec: str) -> Encoder:
        """The encoder of that name, opened once."""
        with self._lock:
            if spec not in self._encoders:
                self._encoders[spec] = self._open_encoder(spec)
            return self._encoders[spec]

    def encoder_of(self, collection: Collection) -> Encoder:
        """The encoder that a collection was embedded with.

        Raises:
            SpaceMismatch: the encoder of that name makes another space now.
        """
        wanted = collection.space
        encoder = self.encoder(wanted.encoder)
        if encoder.space.id != wanted.id:
            raise SpaceMismatch(
                f"collection {collection.name!r} was embedded in the space {wanted.id!r}, but "
                f"the encoder {wanted.encoder!r} now makes {encoder.space.id!r}; bring the former "
                f"weights back, or index again: limn remove {collection.name}, then limn index"
            )
        return encoder

    def store(self, collection: Collection) -> VectorStore:
        """The collection's vectors, level with the catalog."""
        return self._follower(collection).store()

    def caption_vectors(self, collection: Collection) -> tuple[Ids, Vectors]:
        """The ids of a collection's captions (`search.captionids`) and their vectors."""
        return self._follower(collection, "captions").store().items()

    def forget_adapters(self) -> None:
        """Read adapters anew with the next search: one was installed, turned or removed."""
        self._adapters = (-math.inf, {})

    def plan(self, collection: Collection, say: Callable[[str], None] | None = None) -> Plan:
        """How the collection's pictures are searched, and why; `say` has it measured and built."""
        follower = self._follower(collection)
        store = follower.store()
        staging = self._stagings.get((collection.id, collection.space.id, "pictures"))
        if staging is None:
            return Plan("exact", len(store), reasons=("this engine searches exactly",))
        return staging.plan(store) if say is None else staging.measure(follower, store, say)

    def settle(self, timeout_s: float | None = None) -> None:
        """Wait until first passes that are being built have ended."""
        for staging in list(self._stagings.values()):
            staging.wait(timeout_s)

    def collections(self) -> list[Collection]:
        """The collections, by name."""
        return self.catalog.collections.all()

    def summaries(self, names: Sequence[str] = ()) -> list[CollectionSummary]:
        """What the collections hold; raises NotFound for an unknown name."""
        return self.catalog.collections.summaries(names)

    def picture(self, picture_id: int) -> Picture:
        """One picture; raises NotFound."""
        return self.catalog.pictures.one(picture_id)

    def thumbnail(
        self,
        picture_id: int,
        side_px: int,
        content_hash: str | None = None,
        check: Callable[[Picture], object] = lambda _: None,
    ) -> bytes:
        """A picture as WebP within a square of `side_px`; raises NotFound or BadPicture.

        One that is kept for a content that is named is read without asking the catalog. `check`
        may raise before a picture's file is opened.
        """
        kept = self._thumbnails.kept(content_hash, side_px) if content_hash else None
        if kept:
            return kept
        picture = self.catalog.pictures.one(picture_id)
        check(picture)
        return self._thumbnails.of(picture, side_px)

    def placeholder(self, picture: Picture) -> bytes | None:
        """A WebP of a few pixels to show until the picture has come, where one is kept."""
        return self._thumbnails.placeholder(picture)

    def remove(self, name: str) -> None:
        """Forget a collection and its index file; the picture files stay as they are.

        Raises:
            NotFound: there is no collection of that name.
            CollectionBusy: it is being indexed.
        """
        collection = self.catalog.collections.one(name)
        with self.catalog.lock(collection):
            self.catalog.collections.remove(collection)
        with suppress(OSError):  # nothing will ever read the file: ids are not used twice
            for of in get_args(Kept):
                path = self._index_path(collection, of)
                for each in (path, path.with_suffix(".first")):
                    each.unlink(missing_ok=True)
            self.map_file(collection).unlink(missing_ok=True)

    def forget_missing(self, name: str) -> int:
        """Forget the pictures of a collection whose files were not found; returns how many.

        Raises:
            NotFound: there is no collection of that name.
            CollectionBusy: it is being indexed.
        """
        collection = self.catalog.collections.one(name)
        with self.catalog.lock(collection):
            return self.catalog.writer.forget_missing(collection)

    def rename(self, name: str, new: str) -> None:
        """Give a collection another name.

        Raises:
            NotFound: there is no collection of that name.
            BadSetting, NameTaken, CollectionBusy: as `CollectionRows.rename` does.
        """
        collection = self.catalog.collections.one(name)
        self.catalog.collections.rename(collection, new)

    def map_file(self, collection: Collection) -> Path:
        """Where the map of a collection is kept, beside its index."""
        return self._index_path(collection).with_suffix(".map")

    def picture_map(self, collection: Collection) -> PictureMap | None:
        """The map of a collection; None where there is none, or one of what a backup replaced."""
        found = read_map(self.map_file(collection))
        if found is None:
            return None
        goes_on = self.catalog.changes.goes_on_from(collection.id, found.position, found.epoch)
        return found if goes_on else None

    def index_sizes(self) -> list[tuple[str, Kept, int]]:
        """How many vectors each index holds that is loaded: collection, kind, number."""
        with self._lock:
            followers = list(self._followers.items())
        return [(each.collection.name, key[2], each.size) for key, each in followers]

    def warm(self) -> None:
        """Open what the first query would otherwise wait for."""
        for collection in self.catalog.collections.all():
            self.encoder_of(collection)
            self.store(collection)
            self._follower(collection, "captions").store()
        with suppress(LimnError):  # whoever searches will be told
            self.answer(REHEARSAL)  # measures chance, and writes out the SQL of every search

    def follow(self) -> None:
        """Bring the indexes level with the catalog, as the next search would have to."""
        for collection, head in self.catalog.collections.with_last_changes():
            for of in get_args(Kept):
                self._follower(collection, of).store(head)

    def close(self) -> None:
        """Write stores that changed to their files, for a quicker next start."""
        for staging in list(self._stagings.values()):
            staging.close()
        held = {collection.id for collection in self.catalog.collections.all()}
        for follower in list(self._followers.values()):
            if follower.collection.id in held:
                follower.save()

    def _newest(self, query: Query, searched: Sequence[tuple[Collection, int]]) -> Order:
        """The newest pictures first, where nothing is asked but a filter or a collection."""
        ids = [collection.id for collection, _ in searched]
        shelves = [self._shelf(*each, query, None) for each in searched if query.compares]
        with self.timing.stage("filter"):
            newest = self.catalog.filters.newest(ids, query.where, MOST_HITS)
        if not len(newest):
            return nothing(none_passes(query.where) if query.where else NOTHING_INDEXED)
        return self._order(query, lambda depth: newest_first(newest[:depth], shelves))

    def _order(self, query: Query, rank: Ranker, cut: tuple[Cut, ...] = ()) -> Order:
        """The page that was asked for."""
        with self.timing.stage("rank"):
            page, ranking = arrange(query, rank, self.catalog.hashes.of)
        # An order may be kept, and is not to keep stores and filters with it.
        return Order(page, replace(ranking, shelves=()), cut, query.offset + 1)

    def _shelf(
        self, collection: Collection, head: int, query: Query, allowed: Mapping[int, Ids] | None
    ) -> Shelf:
        needs_captions = by_words(query)
        return Shelf(
            pictures=self._follower(collection).store(head),
            captions=self._follower(collection, "captions").store(head) if needs_captions else None,
            allowed=None if allowed is None else allowed[collection.id],
        )

    def _found_words(
        self,
        asked: Asked,
        query: Query,
        collections: Sequence[Collection],
        shelves: Sequence[Shelf],
    ) -> FoundWords | None:
        """What the words index proposes, where it may speak and there are captions at all."""
        captioned = any(shelf.captions for shelf in shelves)  # a store without any is false
        if not captioned or not asked.words or "words" not in query.by:
            return None
        ids = [each.id for each in collections]
        return self.catalog.words.find(asked.words, ids, query.where)

    def _background(self, shelves: Sequence[Shelf], encoder: Encoder) -> Background:
        """How high cosines stand by chance: measured again when a tenth has been added or lost."""
        pictures = [shelf.pictures for shelf in shelves]
        captions = [shelf.captions for shelf in shelves if shelf.captions is not None]
        key = tuple(id(store) for store in (*pictures, *captions))
        size = sum(map(len, (*pictures, *captions)))
        with self._lock:
            known = self._backgrounds.get(key)
            stale = known is None or abs(size - known[0]) > STALE_SHARE * known[0]
            if known is not None and stale:  # others go on with this one meanwhile
                self._backgrounds[key] = (size, known[1])
        if known is None or stale:
            known = (size, fit(pictures, captions, encoder.encode_texts))
            with self._lock:
                self._backgrounds[key] = known
        return known[1]

    def _terms(
        self,
        encoder: Encoder,
        collections: Sequence[Collection],
        background: Callable[[], Background],
    ) -> Terms:
        adapter = self._adapter(collections)
        return Terms(self.catalog, self.limits, encoder, collections, background, adapter)

    def _adapter(self, collections: Sequence[Collection]) -> Adapter | None:
        """The adapter of the only collection that is searched: several would not agree."""
        if len(collections) != 1:
            return None
        seen_s, adapters = self._adapters
        if monotonic() > seen_s + ADAPTERS_FRESH_S:
            adapters = self.catalog.adapters.in_use()
            self._adapters = (monotonic(), adapters)
        return adapters.get((collections[0].id, collections[0].space.id))

    def _searched(self, query: Query) -> list[tuple[Collection, int]]:
        """The collections to search, each with the number of its last change."""
        searched = self.catalog.collections.with_last_changes(query.collections)
        if not query.collections:
            self._drop_others([collection for collection, _ in searched])
        if not query.compares:
            return searched
        if len({each.space.id for each, _ in searched}) > 1:
            filled = {each.name for each in self.catalog.collections.summaries() if each.pictures}
            searched = [each for each in searched if each[0].name in filled]
        if len({each.space.id for each, _ in searched}) > 1:
            listed = "; ".join(f"{each.name}: {each.space.encoder}" for each, _ in searched)
            raise SpaceMismatch(
                "these collections were embedded by different encoders, whose scores can't be "
                f"compared; choose one with --collection ({listed})"
            )
        return searched

    def _drop_others(self, collections: Sequence[Collection]) -> None:
        """Let go of the stores of collections that are no longer there."""
        held = {collection.id for collection in collections}
        self._holdings.forget(held)
        with self._lock:
            kept = {key: each for key, each in self._followers.items() if key[0] in held}
            if len(kept) < len(self._followers):
                self._followers = kept
                self._backgrounds.clear()  # some may be of stores that are let go of

    def _follower(self, collection: Collection, of: Kept = "pictures") -> Follower:
        key = (collection.id, collection.space.id, of)
        with self._lock:
            if key not in self._followers:
                path = self._index_path(collection, of)
                if self._open_staging is not None:
                    self._stagings[key] = self._open_staging(path, lambda: self._texts(collection))
                self._followers[key] = Follower(
                    self.catalog,
                    collection,
                    self._open_store,
                    path,
                    of,
                    self._stagings.get(key),
                    self._lasting,
                )
            return self._followers[key]

    def _texts(self, collection: Collection) -> Vectors:
        """Embeddings of texts as people ask them: captions of the collection."""
        captions = self._follower(collection, "captions").store()
        ids = captions.ids()
        return captions.rows(ids[:: max(1, len(ids) // MOST_TEXTS)][:MOST_TEXTS])[1]

    def _index_path(self, collection: Collection, of: Kept = "pictures") -> Path:
        suffix = "" if of == "pictures" else f"-{of}"
        name = f"{collection.id}-{collection.space.id}{suffix}.index"
        return self._index_dir / self.catalog.identity() / name


def nothing(note: str, cut: tuple[Cut, ...] = ()) -> Order:
    """An answer without a hit, and why."""
    return Order(Page((), None, False, (note,)), cuts=cut)


def none_passes(where: Filter) -> str:
    """What is said where a filter leaves nothing, or can't leave anything."""
    excluding = contradiction(where)
    if excluding:
        return f"no picture can pass the filter: {told(excluding)}"
    return f"no picture passes the filter: {written(where)}"
