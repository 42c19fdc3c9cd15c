"""ANN indexes on the CPU, all by FAISS: scanned codes, lists of codes, and a graph."""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import faiss as faiss_module
import numpy as np

from search.errors import IndexDamaged
from search.records import Ids, Scores, Vectors
from search.stores.faiss_store.ann import NONE, Slots32, lists, slots_of
from search.stores.faiss_store.reduction import Reduction, reduce
from search.stores.faiss_store.rows import SlotNumbers

# FAISS's stubs know neither keyword arguments nor the members of an index from a factory.
faiss: Any = faiss_module

FirstPassName = Literal["scan", "ivf", "hnsw"]

# Codes are trained on this many rows; FAISS's own limit for 16 centroids is 4,096.
TRAINED_ON = 20_000

# The default of hnswlib. Among a million vectors, twice a depth of 120 saved a quarter of the
# time of a query, and took twice as long to build.
NEIGHBOURS, BUILD_DEPTH = 16, 130

HEAD = struct.Struct("<IIII")


@dataclass(slots=True)
class FaissPass:
    """A FAISS index over reduced vectors.

    "scan" scans 4-bit codes, one a dimension, in the CPU's registers (André et al. 2017);
    "ivf" does so in the lists nearest to the query; "hnsw" walks a graph over 8-bit vectors.
    """

    name: FirstPassName
    reduction: Reduction
    index: Any
    longest: float
    """For "hnsw": the squared length of all vectors after padding."""
    order: Slots32
    """The row numbers of its first places; all later places are row numbers themselves."""

    on_gpu: ClassVar[bool] = False

    def __len__(self) -> int:
        return int(self.index.ntotal)

    @property
    def bytes_per_row(self) -> float:
        """Return the codes or the graph of each row, with its number where rows are ordered."""
        width = self.reduction.width
        if self.name == "hnsw":
            return graph_bytes(width + 1) + self.order.itemsize
        return (width + 1) // 2 + (8 if self.name == "ivf" else 0)

    @property
    def ns_per_candidate(self) -> float:
        """Return the measured time of a candidate, far longer in a graph."""
        return 1_500 if self.name == "hnsw" else 200  # one thread of the machine of the benchmarks

    @property
    def most_candidates(self) -> int:
        """Return the number of rows: each may be proposed."""
        return len(self)

    @property
    def efforts(self) -> Sequence[int]:
        """Return queue lengths for "hnsw", numbers of lists for "ivf", and 0 for "scan"."""
        if self.name == "scan":
            return (0,)
        if self.name == "hnsw":
            return (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
        count = int(self.index.nlist)
        return (*(1 << power for power in range(11) if 1 << power < count), count)

    def add(self, vectors: Vectors, slots: Slots32 | None = None) -> None:
        """Append vectors; with `slots`, under those row numbers, if none was added without."""
        self.index.add(self._vectors(vectors))
        if slots is not None:
            self.order = np.concatenate([self.order, slots])

    def arrange(self, cells: Ids) -> None:
        """Lay rows of one cell next to each other; all rows were added with their numbers."""
        order = np.argsort(cells, kind="stable")
        self.index.permute_entries(order)
        self.order = self.order[order]

    def candidates(self, queries: Vectors, depth: int, effort: int) -> SlotNumbers:
        """Propose rows by the reduced queries."""
        asked = self.reduction.queries(queries)
        if self.name == "hnsw":
            asked = np.column_stack([asked, np.zeros(len(asked), np.float32)])
        parameters = self.parameters(depth, effort)
        return slots_of(self.index.search(asked, depth, params=parameters)[1], self.order)

    def parameters(self, depth: int, effort: int) -> Any:
        """Return FAISS's search parameters for so many candidates with this effort."""
        if self.name == "hnsw":
            return faiss.SearchParametersHNSW(efSearch=max(effort, depth))
        if self.name == "ivf":
            return faiss.SearchParametersIVF(nprobe=effort)
        return None

    def chained(self, rows: Any) -> "FaissChain | None":
        """Return FAISS's own refinement in one call, or None for a graph."""
        if self.name == "hnsw":  # its places are not row numbers
            return None
        maps = faiss.LinearTransform(*self.reduction.for_queries.shape, False)
        weights = np.ascontiguousarray(self.reduction.for_queries.T)
        faiss.copy_array_to_vector(weights.ravel(), maps.A)
        maps.is_trained = True
        return FaissChain(self, faiss.IndexRefine(faiss.IndexPreTransform(maps, self.index), rows))

    def dump(self) -> bytes:
        """Return the reduction, the order and FAISS's index, after a head with their sizes."""
        reduction = self.reduction
        sizes = (len(reduction.mean), reduction.width, len(self.name), len(self.order))
        arrays = (reduction.mean, reduction.for_vectors, reduction.for_queries)
        return b"".join(
            (
                HEAD.pack(*sizes),
                self.name.encode(),
                np.float32(self.longest).tobytes(),
                *(np.ascontiguousarray(each, "<f4").tobytes() for each in arrays),
                self.order.astype("<i4").tobytes(),
                faiss.serialize_index(self.index).tobytes(),
            )
        )

    def _vectors(self, vectors: Vectors) -> Vectors:
        reduced = self.reduction.vectors(vectors)
        if self.name != "hnsw":
            return reduced
        # One more number brings all vectors to one length: the nearest by distance, for which
        # graphs are built well, then have the greatest product (Bachrach et al. 2014).
        missing = np.maximum(self.longest - np.einsum("nw,nw->n", reduced, reduced), 0)
        return np.ascontiguousarray(np.column_stack([reduced, np.sqrt(missing)]), np.float32)


@dataclass(frozen=True, slots=True)
class FaissChain:
    """An ANN index and exact ranking in one call of FAISS: a third of the time of two calls.

    It covers the rows that existed when it was made, dead ones among them.
    """

    first: FaissPass
    index: Any

    def best(self, queries: Vectors, k: int, depth: int, effort: int) -> tuple[SlotNumbers, Scores]:
        """Return the best k of `depth` candidates: rows and scores, both (q, k), -1 pads."""
        inner = self.first.parameters(depth, effort)
        parameters = faiss.IndexRefineSearchParameters(
            k_factor=(depth + 0.5) / k,
            base_index_params=inner and faiss.SearchParametersPreTransform(index_params=inner),
        )
        scores, found = self.index.search(queries, k, params=parameters)
        return found, scores


def graph_bytes(width: int) -> float:
    """Return the memory of a graph for each vector of so many 8-bit numbers."""
    return width + 4 * 2 * NEIGHBOURS * 1.1


def train(
    name: FirstPassName,
    sample: Vectors,
    queries: tuple[Vectors, ...],
    width: int,
    rows: int,
) -> FaissPass:
    """Return an empty ANN index for about `rows` rows, trained on a sample and on queries."""
    width = min(width, sample.shape[1])
    if name == "hnsw":
        # With the number that is added below, whole registers: one more took three times as long.
        reduction = reduce(sample, queries, width - 1).undistorted()
    else:
        reduction = reduce(sample, queries, width)
    reduced = reduction.vectors(sample[:TRAINED_ON])
    longest = float(np.einsum("nw,nw->n", reduced, reduced).max())
    index = _empty(name, width, lists(rows, len(reduced)))
    made = FaissPass(name, reduction, index, longest, NONE)
    # Training runs thousands of very short steps. Where other programs use the cores, FAISS's
    # threads wait for each other, spinning, at every step: a second became over ten minutes.
    with one_thread():
        index.train(made._vectors(sample[:TRAINED_ON]))
    return made


@contextmanager
def one_thread() -> Iterator[None]:
    """Let FAISS use the calling thread alone inside the block."""
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def _empty(name: FirstPassName, width: int, list_count: int) -> Any:
    product = faiss.METRIC_INNER_PRODUCT
    if name == "scan":
        return faiss.IndexPQFastScan(width, width, 4, product)
    if name == "ivf":
        index = faiss.index_factory(width, f"IVF{list_count},PQ{width}x4fs", product)
        index.cp.min_points_per_centroid = 1  # the sample is small on purpose
        return index
    bits = faiss.ScalarQuantizer.QT_8bit
    index = faiss.IndexHNSWSQ(width, bits, NEIGHBOURS, faiss.METRIC_L2)
    index.hnsw.efConstruction = BUILD_DEPTH
    return index


def load_first_pass(payload: bytes | memoryview) -> FaissPass:
    """Return the ANN index that `dump` wrote; the caller has verified its checksum.

    Raises:
        IndexDamaged: this FAISS can't read the bytes.
    """
    try:
        full, width, letters, ordered = HEAD.unpack_from(payload)
        at = HEAD.size + letters
        name = bytes(payload[HEAD.size : at]).decode(errors="replace")
        if name not in get_args(FirstPassName):
            raise ValueError("another version of Limn wrote it")
        longest = float(np.frombuffer(payload, "<f4", 1, at)[0])
        arrays = []
        at += 4
        for shape in ((full,), (full, width), (full, width)):
            count = int(np.prod(shape))
            arrays.append(np.frombuffer(payload, "<f4", count, at).reshape(shape).copy())
            at += 4 * count
        order = np.frombuffer(payload, "<i4", ordered, at).astype(np.int32)
        at += 4 * ordered
        index = faiss.deserialize_index(np.frombuffer(payload, np.uint8, offset=at))
    except (RuntimeError, ValueError, struct.error) as error:
        raise IndexDamaged(
            "ann-index-unreadable",
            "the ANN index can't be read ({error}); build it again",
            error=error,
        ) from error
    reduction = Reduction(*arrays)
    return FaissPass(name, reduction, index, longest, order)  # type: ignore[arg-type]
