"""The engine: embeds a query, searches the stores, joins the answers with SQL, in rank order."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from search.catalog import Catalog
from search.encoders import Encoder
from search.errors import SpaceMismatch
from search.follower import Follower
from search.pictures import Limits, read_picture
from search.pictures.thumbnails import Thumbnails
from search.query import check, query_vector
from search.records import (
    Collection,
    CollectionSummary,
    Hit,
    IndexedTerm,
    Picture,
    PictureTerm,
    Pixels,
    Query,
    Vectors,
)
from search.stores import VectorStore
from search.writerlock import writer_lock


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
    ) -> None:
        self.catalog = catalog
        self.limits = limits
        self._open_encoder = open_encoder
        self._open_store = open_store
        self._index_dir = index_dir
        self._thumbnails = thumbnails
        self._encoders: dict[str, Encoder] = {}
        self._followers: dict[tuple[int, str], Follower] = {}
        self._lock = threading.Lock()

    def search(self, query: Query) -> list[Hit]:
        """Answer a query, best first; an empty list where the collections hold nothing.

        Raises:
            BadQuery: the query can't be answered as it stands.
            BadPicture: a picture in it can't be read.
            NotFound: a collection or a picture that it names is not there.
            SpaceMismatch: the collections were embedded by different encoders.
            EncoderUnavailable: their encoder can't be opened.
        """
        check(query)
        collections = self._searched(query)
        if not collections:
            return []
        encoder = self.encoder_of(collections[0])
        vector = query_vector(
            query.terms,
            encoder,
            lambda term: self._pixels(term, encoder),
            lambda term: self._indexed(term, collections[0]),
        )
        shown = {term.picture_id for term in query.terms if isinstance(term, IndexedTerm)}
        nearest = self._nearest(collections, vector, query.offset + query.k, shown)
        return self._join(nearest[query.offset :], query.offset)

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

    def collections(self) -> list[Collection]:
        """The collections, by name."""
        return self.catalog.collections()

    def summaries(self, names: Sequence[str] = ()) -> list[CollectionSummary]:
        """What the collections hold; raises NotFound for an unknown name."""
        return self.catalog.summaries(names)

    def picture(self, picture_id: int) -> Picture:
        """One picture; raises NotFound."""
        return self.catalog.picture(picture_id)

    def thumbnail(self, picture_id: int, side_px: int) -> bytes:
        """A picture as WebP within a square of `side_px`; raises NotFound or BadPicture."""
        return self._thumbnails.of(self.catalog.picture(picture_id), side_px)

    def placeholder(self, picture: Picture) -> bytes | None:
        """A WebP of a few pixels to show until the picture has come, where one is kept."""
        return self._thumbnails.placeholder(picture)

    def remove(self, name: str) -> None:
        """Forget a collection and its index file; the picture files stay as they are.

        Raises:
            NotFound: there is no collection of that name.
            CollectionBusy: it is being indexed.
        """
        [collection] = self.catalog.collections([name])
        with writer_lock(self.catalog.database, collection):
            self.catalog.remove_collection(collection)
        with suppress(OSError):  # nothing will ever read the file: ids are not used twice
            self._index_path(collection).unlink(missing_ok=True)

    def warm(self) -> None:
        """Open what the first query would otherwise wait for."""
        for collection in self.catalog.collections():
            self.encoder_of(collection)
            self.store(collection)

    def close(self) -> None:
        """Write stores that changed to their files, for a quicker next start."""
        held = {collection.id for collection in self.catalog.collections()}
        for follower in list(self._followers.values()):
            if follower.collection.id in held:
                follower.save()

    def _searched(self, query: Query) -> list[Collection]:
        collections = self.catalog.collections(query.collections)
        if not query.collections:
            self._drop_others(collections)
        if len({each.space.id for each in collections}) > 1:
            filled = {each.name for each in self.catalog.summaries() if each.pictures}
            collections = [each for each in collections if each.name in filled]
        if len({each.space.id for each in collections}) > 1:
            listed = "; ".join(f"{each.name}: {each.space.encoder}" for each in collections)
            raise SpaceMismatch(
                "these collections were embedded by different encoders, whose scores can't be "
                f"compared; choose one with --collection ({listed})"
            )
        return collections

    def _drop_others(self, collections: Sequence[Collection]) -> None:
        """Let go of the stores of collections that are no longer there."""
        held = {collection.id for collection in collections}
        with self._lock:
            self._followers = {
                key: follower for key, follower in self._followers.items() if key[0] in held
            }

    def _pixels(self, term: PictureTerm, encoder: Encoder) -> Pixels:
        preparation = encoder.preparation
        side_px = max(preparation.width_px, preparation.height_px)
        picture, _ = read_picture(term.source, limits=self.limits, target_px=side_px)
        return preparation.pixels(picture)

    def _indexed(self, term: IndexedTerm, searched: Collection) -> Vectors:
        collection, vector = self.catalog.picture_vector(term.picture_id)
        if collection.space.id != searched.space.id:
            raise SpaceMismatch(
                f"picture {term.picture_id} is of collection {collection.name!r}, embedded by "
                f"{collection.space.encoder}, and {searched.name!r} by {searched.space.encoder}; "
                "search by the picture's file instead"
            )
        return vector

    def _nearest(
        self, collections: Sequence[Collection], vector: Vectors, k: int, shown: set[int]
    ) -> list[tuple[int, float]]:
        """The k best ids of all the collections with their cosines, without those `shown`."""
        found: list[tuple[float, int]] = []
        for collection in collections:
            ids, scores = self.store(collection).search(vector, k + len(shown))
            held = (ids[0] >= 0) & ~np.isin(ids[0], list(shown))
            found += zip(scores[0][held].tolist(), ids[0][held].tolist(), strict=True)
        found.sort(key=lambda pair: (-pair[0], pair[1]))
        return [(picture_id, score) for score, picture_id in found[:k]]

    def _join(self, nearest: Sequence[tuple[int, float]], offset: int) -> list[Hit]:
        pictures = self.catalog.pictures([picture_id for picture_id, _ in nearest])
        held = [(pictures[each], score) for each, score in nearest if each in pictures]
        return [
            Hit(rank, min(1.0, max(-1.0, score)), picture)
            for rank, (picture, score) in enumerate(held, start=offset + 1)
        ]

    def _follower(self, collection: Collection) -> Follower:
        key = (collection.id, collection.space.id)
        with self._lock:
            if key not in self._followers:
                path = self._index_path(collection)
                self._followers[key] = Follower(self.catalog, collection, self._open_store, path)
            return self._followers[key]

    def _index_path(self, collection: Collection) -> Path:
        name = f"{collection.id}-{collection.space.id}.index"
        return self._index_dir / self.catalog.identity() / name
