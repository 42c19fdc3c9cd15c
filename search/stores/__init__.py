"""Vector stores: the protocols of a store and its backend, and the function that opens one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Protocol, cast

from search.errors import BadSetting
from search.packages import plugins
from search.records import Collection, Device, Ids, QueryKind, Scores, Space, Vectors
from search.stores.index_file import IndexHeader
from search.stores.planner.plan import IndexOptions, IndexPlan, Report

IndexKind = Literal["pictures", "captions"]
"""The kind of vectors in a store."""


class VectorStore(Protocol):
    """Cosine neighbours of one space; ids are `picture.id`. Safe to call from many threads.

    Vectors are stored as float16, as in SQL: returned vectors are rounded to it.
    """

    @property
    def width(self) -> int:
        """Return the number of dimensions of every vector."""

    @property
    def tuner(self) -> "Tuner | None":
        """Return the tuner that measures how the store is best searched; None without a choice."""

    @property
    def heavy(self) -> bool:
        """Return whether the store is over its memory limit, and should load its own dump."""

    def __len__(self) -> int:
        """Return the number of vectors."""

    def put(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors, or replace those of known ids; `ids` (n,), each id once.

        One large call is cheaper than many small ones: each costs a pass over the stored ids.

        Raises:
            ValueError: wrong shape or width, an id that is negative or given twice, a number
                that is not finite. The store is then unchanged.
        """

    def remove(self, ids: Ids) -> None:
        """Drop vectors; an unknown id is ignored."""

    def search(
        self, queries: Vectors, k: int, allowed_ids: Ids | None = None, kind: QueryKind = "text"
    ) -> tuple[Ids, Scores]:
        """Return the nearest vectors, best first, both (q, k); id -1 and score -inf pad.

        `allowed_ids` restrict the search; they ascend, each once. `kind` sets the depth of an
        approximate search; texts need more.

        Raises:
            ValueError: `queries` is not (q, width) or not finite, or `k` is under 1.
        """

    def ids(self) -> Ids:
        """Return the stored ids, ascending."""

    def rows(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Return the ids of `ids` in the store, in the order given, and their vectors."""

    def items(self) -> tuple[Ids, Vectors]:
        """Return all ids, ascending, and their vectors: (n,) and (n, width)."""

    def dump(self) -> Iterator[memoryview]:
        """Return the store as pieces of bytes for `load`; read them before the next write."""

    def load(self, payload: bytes | memoryview) -> None:
        """Load what `dump` wrote; the store may refer to the payload, which must not change.

        Raises:
            IndexDamaged: the payload can't be loaded; the store is unchanged.
        """


class DurableStore(VectorStore, Protocol):
    """A store of a backend that keeps its own vectors: it has no dump and no index file."""

    last_change: tuple[int, str]
    """Number and epoch of the last change in the store, saved with the vectors; (0, "") of a
    new store. The writer of the store sets it after each write."""


class Tuner(Protocol):
    """A tuner: chooses how a store is searched, by measurement, and saves the choice in a file."""

    def load(self, path: Path, header: IndexHeader, options: IndexOptions) -> IndexPlan | None:
        """Activate the plan in a file; None without a file, or if it doesn't fit the options.

        `header` is the header that the store's own index file has now.

        Raises:
            IndexDamaged: the file can't be used.
        """

    def save(self, path: Path, header: IndexHeader, plan: IndexPlan) -> None:
        """Write a plan, and the ANN index that it chose; raises StorageFailed."""

    def active(self, plan: IndexPlan) -> bool:
        """Return whether the store is searched by the plan."""

    def due(self, plan: IndexPlan | None, options: IndexOptions) -> bool:
        """Return whether to measure the store, by its size, options and last plan."""

    def exact(self, options: IndexOptions) -> IndexPlan:
        """Return the plan of a store before measurement, with the reason."""

    def measure(
        self, texts: Callable[[], Vectors], options: IndexOptions, report: Report
    ) -> IndexPlan | None:
        """Measure, build and activate the quickest index; None where nothing was measured.

        `texts` are embeddings (n, width) of typical text queries, or none.
        """


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """The user's choice of a store: its name, its device, and the memory of an index."""

    name: str = "auto"
    """One of `names`, as the user wrote it: "ivf", or "milvus:localhost:19530"."""

    device: Device = "auto"
    memory_bytes: int | None = None
    folder: Path | None = None
    """The data folder, for a backend that keeps files."""


class StoreBackend(Protocol):
    """A kind of store, registered as an entry point of the group `limn.stores`.

    The registered module postpones slow imports to `open`: `names` are read for every command
    that has `--store`.
    """

    names: ClassVar[tuple[str, ...]]
    """The texts for LIMN_STORE and --store: "ivf", or "milvus:ADDRESS"."""

    durable: ClassVar[bool]
    """True if its stores are `DurableStore`s, without an index file."""

    def __init__(self, options: StoreOptions) -> None: ...

    def open(self, collection: Collection, space: Space, kind: IndexKind) -> VectorStore:
        """Open the store of a collection's vectors: empty, unless it is durable.

        Raises:
            BadSetting: the options name a device that does not exist.
        """

    def drop(self, collection: Collection) -> None:
        """Remove a collection's data in its space from a durable backend, if it has any."""


def open_backend(options: StoreOptions) -> StoreBackend:
    """Open the backend that the options name.

    Raises:
        BadSetting: no backend has that name, or it can't be imported.
    """
    backend = plugins.find("stores", options.name)
    if backend is None:
        raise BadSetting(
            "unknown-store",
            "there is no store {store!r}; choose: {names}",
            store=options.name,
            names=", ".join(plugins.choices("stores")),
        )
    return cast(StoreBackend, backend(options))
