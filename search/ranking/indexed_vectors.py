"""Vectors of indexed pictures in the space of one encoder, whichever encoder embedded them."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Lock

import numpy as np
from cachetools import LRUCache

from search.catalog.catalog import Catalog
from search.catalog.picture_reader import IndexedFile
from search.encoders import Encoder
from search.encoders.preparation import Preparation
from search.errors import BadPicture, NotFound, SpaceMismatch
from search.pictures import Limits, content_hash, load_file, read_picture
from search.records import Collection, Pixels, Vectors

# The marks of several queries: 1,024 rows of 768 dimensions are 3 MB.
MAX_FILES = 1_024


class FileVectors:
    """Vectors of files, which drop the least recently used first. Safe to call from many threads.

    Pages of an answer, and marks that stay while words change, read and embed a file once.
    """

    def __init__(self) -> None:
        self._vectors: LRUCache[tuple[str, str], Vectors] = LRUCache(MAX_FILES)
        self._lock = Lock()

    def of(self, space_id: str, content: str, embed: Callable[[], Vectors]) -> Vectors:
        """Return the vector (width,) of a content in a space, made by `embed` where it is new."""
        with self._lock:
            vector = self._vectors.get((space_id, content))
        if vector is None:
            vector = embed()
            with self._lock:
                self._vectors[space_id, content] = vector
        return vector


class IndexedVectors:
    """The vectors of indexed pictures in an encoder's space.

    A picture that another encoder embedded has the vector of a copy in the collections, or else one
    that is made from its file.
    """

    def __init__(
        self,
        catalog: Catalog,
        limits: Limits,
        encoder: Encoder,
        collections: Sequence[Collection],
        file_vectors: FileVectors,
    ) -> None:
        self._pictures = catalog.pictures
        self._limits = limits
        self._encoder = encoder
        self._collection_ids = [collection.id for collection in collections]
        self._file_vectors = file_vectors

    def of(self, ids: Sequence[int]) -> Vectors:
        """Return the vectors (n, width) of pictures.

        Raises:
            NotFound: a picture was removed.
            SpaceMismatch: another encoder embedded a picture, and its file can't be read.
        """
        rows, errors = self._rows(ids)
        for picture_id in ids:
            if picture_id in errors:
                raise errors[picture_id]
            if picture_id not in rows:
                raise NotFound(
                    "unknown-picture",
                    "there is no picture {id}; it may have been removed",
                    id=picture_id,
                )
        vectors = np.array([rows[picture_id] for picture_id in ids], np.float32)
        return vectors.reshape(len(ids), self._encoder.space.width)

    def available(self, ids: Sequence[int]) -> tuple[int, ...]:
        """Return those of the pictures that have a vector, or a file to make one from."""
        rows, _ = self._rows(ids)
        return tuple(picture_id for picture_id in ids if picture_id in rows)

    def _rows(self, ids: Sequence[int]) -> tuple[dict[int, Vectors], dict[int, SpaceMismatch]]:
        """Return the vectors (width,) of pictures by id, and the errors of those without one."""
        space, errors = self._encoder.space, dict[int, SpaceMismatch]()
        rows = self._pictures.vectors(ids, space.id)
        others = [picture_id for picture_id in ids if picture_id not in rows]
        if not others:
            return rows, errors
        files = self._pictures.files_of(others)
        copies = self._pictures.with_contents(
            [file.content for file in files.values()], self._collection_ids
        )
        copy_vectors = self._pictures.vectors(list(copies.values()), space.id)
        for picture_id, file in files.items():
            if copies.get(file.content) in copy_vectors:
                rows[picture_id] = copy_vectors[copies[file.content]]
                continue
            embed = partial(self._embed, file.path, file.content)
            try:
                rows[picture_id] = self._file_vectors.of(space.id, file.content, embed)
            except BadPicture as error:
                errors[picture_id] = _unreadable(picture_id, file, space.encoder)
                errors[picture_id].__cause__ = error
        return rows, errors

    def _embed(self, path: Path, content: str) -> Vectors:
        """Return the vector (width,) of a picture's file; raise BadPicture."""
        pixels = pixels_of(path, content, self._encoder.preparation, self._limits)
        row: Vectors = self._encoder.encode_pixels(pixels[None])[0]
        return row


def pixels_of(path: Path, content: str, preparation: Preparation, limits: Limits) -> Pixels:
    """Return an indexed picture's pixels, as a tower's preparation makes them.

    Raises:
        BadPicture: the file can't be read, or has changed since it was indexed.
    """
    data = load_file(path, limits)
    # Frames are decoded anew, which need not give the same bytes.
    if path.is_file() and content_hash(data).hex() != content:
        raise BadPicture(
            "unreadable",
            "picture-changed-since-index",
            "{name!r} has changed since it was indexed; index its folder again",
            name=str(path),
        )
    side_px = max(preparation.width_px, preparation.height_px)
    picture, _ = read_picture(data, limits=limits, target_px=side_px, drawings=True)
    return preparation.pixels(picture)


def _unreadable(picture_id: int, file: IndexedFile, other_encoder: str) -> SpaceMismatch:
    return SpaceMismatch(
        "picture-of-another-encoder",
        "picture {id} ({file}) was embedded by {encoder}, and its file can't be read "
        "for {other_encoder}; if the file has moved or changed, index its folder again",
        id=picture_id,
        file=file.path.name,
        encoder=file.encoder,
        other_encoder=other_encoder,
    )
