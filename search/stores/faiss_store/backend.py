"""The FAISS backend: exact search, ANN indexes on the CPU or a GPU, or the choice between them."""

from typing import TYPE_CHECKING, ClassVar

from search.packages.installing import check_one_build
from search.records import Collection, Space
from search.stores import IndexKind, StoreOptions

if TYPE_CHECKING:
    from search.stores.faiss_store.store import FaissStore


class FaissBackend:
    """The backend of FAISS stores; SQL has the vectors, and an index file is a cache."""

    names: ClassVar[tuple[str, ...]] = ("auto", "exact", "scan", "ivf", "hnsw", "cagra")
    durable: ClassVar[bool] = False

    def __init__(self, options: StoreOptions) -> None:
        self._options = options

    def open(self, collection: Collection, space: Space, kind: IndexKind) -> "FaissStore":
        """Open an empty store; FAISS is imported here, at its first use.

        Raises:
            BadSetting: the device is "cuda" and there is no GPU that FAISS can use, or two
                builds of FAISS are installed.
        """
        check_one_build("faiss")
        from search.stores.faiss_store.store import FaissStore

        return FaissStore(space.width, self._options.device, self._options.memory_bytes)

    def drop(self, collection: Collection) -> None:
        """Do nothing: index files do not belong to the backend."""
