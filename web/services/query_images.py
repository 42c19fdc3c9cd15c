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

    def __init__(self, most_bytes: int, limits: Limits) -> None:
        self._limits = limits
        # A picture that exceeds the cache's limit is its only entry.
        self._held: LRUCache[str, QueryImage] = LRUCache(
            most_bytes, getsizeof=lambda picture: min(len(picture.data), most_bytes)
        )
        self._lock = threading.Lock()

    def hold(self, data: bytes) -> str:
        """Store a query image and return its token.

        Raises:
            BadPicture: `data` is no readable picture.
        """
        token = secrets.token_urlsafe(12)
        self._keep(token, data)
        return token

    def part(self, whole: str, crop: Crop, read: Callable[[], bytes]) -> QueryImage:
        """Return a crop of a picture; `whole` names the picture that `read` returns.

        Raises:
            BadPicture: the bytes from `read` are no readable picture.
        """
        name = f"{whole}@{crop}"
        with self._lock:
            if name in self._held:
                return self._held[name]
        return self._keep(name, crop.cut(read(), self._limits))

    def get(self, token: str) -> QueryImage:
        """Return the query image of a token.

        Raises:
            NotFound: the token is unknown, or the cache has dropped its picture.
        """
        with self._lock:
            if token not in self._held:
                raise NotFound(
                    "query-image-gone",
                    "the query image is no longer stored; choose it again",
                )
            return self._held[token]

    def _keep(self, name: str, data: bytes) -> QueryImage:
        small = thumbnail(data, PREVIEW_PX, limits=self._limits)
        kept = QueryImage(data, f"data:image/webp;base64,{base64.b64encode(small).decode()}")
        with self._lock:
            self._held[name] = kept
        return kept

    @property
    def size_bytes(self) -> int:
        return int(self._held.currsize)
