"""Query images, cached in memory for a while so that a search by picture has an address.

A picture is posted once. Later requests (a reload, the next page, other words) name the picture by
a token that nobody can guess. Nothing is written to disk.
"""

import base64
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from cachetools import LRUCache

from search.errors import NotFound
from search.pictures import Limits
from search.pictures.reading import THE_PICTURE
from search.pictures.thumbnails import thumbnail
from web.requests.crop import Crop

# Twice the size of a chip, for screens of double density.
PREVIEW_PX = 144


@dataclass(frozen=True, slots=True)
class QueryImage:
    """The bytes of a query image, and a small copy as a `data:` address."""

    data: bytes = field(repr=False)
    preview: str = field(repr=False)


class QueryImages:
    """A cache of query images, which drops the least recently used first."""

    def __init__(self, max_bytes: int, limits: Limits) -> None:
        self._limits = limits
        # A picture that exceeds the cache's limit is its only entry.
        self._cache: LRUCache[str, QueryImage] = LRUCache(
            max_bytes, getsizeof=lambda picture: min(len(picture.data), max_bytes)
        )
        self._lock = threading.Lock()

    def store(self, data: bytes, name: str = THE_PICTURE) -> str:
        """Store a query image and return its token; errors call it `name`.

        Raises:
            BadPicture: `data` is no readable picture.
        """
        token = secrets.token_urlsafe(12)
        self._add(token, data, name)
        return token

    def part(self, whole: str, crop: Crop, load: Callable[[], bytes]) -> QueryImage:
        """Return a crop of a picture; `whole` names the picture that `load` returns.

        Raises:
            BadPicture: the bytes from `load` are no readable picture.
        """
        key = f"{whole}@{crop}"
        with self._lock:
            if key in self._cache:
                return self._cache[key]
        return self._add(key, crop.cut(load(), self._limits))

    def get(self, token: str) -> QueryImage:
        """Return the query image of a token.

        Raises:
            NotFound: the token is unknown, or the cache has dropped its picture.
        """
        with self._lock:
            if token not in self._cache:
                raise NotFound(
                    "query-image-gone",
                    "the query image is no longer stored; choose it again",
                )
            return self._cache[token]

    def _add(self, key: str, data: bytes, name: str = THE_PICTURE) -> QueryImage:
        small = thumbnail(data, PREVIEW_PX, limits=self._limits, name=name)
        image = QueryImage(data, f"data:image/webp;base64,{base64.b64encode(small).decode()}")
        with self._lock:
            self._cache[key] = image
        return image

    @property
    def size_bytes(self) -> int:
        """Return the total size of the pictures, without their previews."""
        with self._lock:
            if len(self._cache) == 1:  # it may exceed the limit, and counts as the limit
                return sum(len(image.data) for image in self._cache.values())
            return int(self._cache.currsize)
