"""Vector stores: the protocol that the backends share, and the function that opens one."""

from collections.abc import Iterator
from typing import Protocol

from search.records import Device, Ids, QueryKind, Scores, Vectors


class VectorStore(Protocol):
    """Cosine neighbours of one space; ids are `picture.id`. Safe to call from many threads.

    Vectors are held as float16, as SQL holds them: what comes back is rounded so.
    """

    @property
    def width(self) -> int:
        """Number of dimensions of every vector."""

    @property
    def heavy(self) -> bool:
        """Whether it holds more in memory than it should, and would rather load its own dump."""

    def __len__(self) -> int:
        """Number of vectors held."""

    def put(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors, or replace those whose id is held already; `ids` (n,), each id once.

        One large call is cheaper than many small ones: each costs a pass over the ids held.

        Raises:
            ValueError: wrong shape or width, an id that is negative or given twice, a number
                that is not finite. Nothing has changed then.
        """

    def remove(self, ids: Ids) -> None:
        """Drop vectors; an id that is not held is passed over."""

    def search(
        self, queries: Vectors, k: int, allowed: Ids | None = None, kind: QueryKind = "text"
    ) -> tuple[Ids, Scores]:
        """Best first, both (q, k); id -1 and score -inf pad.

        `allowed` keeps only those ids; they ascend, each once. `kind` tells how deep a search has
        to go that isn't exact; texts want more.

        Raises:
            ValueError: `queries` is not (q, width) or not finite, or `k` is under 1.
        """

    def ids(self) -> Ids:
        """The ids held, ascending."""

    def rows(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Those of `ids` that are held, in the order given, and their vectors."""

    def items(self) -> tuple[Ids, Vectors]:
        """Everything held, ids ascending: (n,) and (n, width)."""

    def dump(self) -> Iterator[memoryview]:
        """The whole store as bytes, piece by piece, for `load`; read them before the next write."""

    def load(self, payload: bytes | memoryview) -> None:
        """Become what `dump` wrote; the payload may be kept, and is not to change.

        Raises:
            IndexDamaged: that is not possible; the store is as it was.
        """


def open_store(width: int, device: Device = "auto", memory_bytes: int | None = None) -> VectorStore:
    """Open an empty FAISS store on `device`; "auto" takes a GPU where there is one.

    Rows that take more than `memory_bytes` stay in their file. FAISS is imported here, when it is
    wanted.

    Raises:
        BadSetting: "cuda" is asked for and there is no GPU that FAISS can use.
    """
    from search.stores.faiss_store.store import FaissStore

    return FaissStore(width, device, memory_bytes)
