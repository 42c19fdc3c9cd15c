"""ANN indexes on the CPU, all by FAISS: scanned codes, lists of codes, and a graph."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import faiss as faiss_module
import numpy as np

from search.errors import IndexDamaged
from search.records import Ids, Scores, Vectors
from search.stores.faiss_store.ann import RowNumbers32, rows_at
from search.stores.faiss_store.reduction import Reduction
from search.stores.faiss_store.row_ids import RowNumbers

# FAISS's stubs know neither keyword arguments nor the members of an index from a factory.
faiss: Any = faiss_module

CpuAnnName = Literal["scan", "ivf", "hnsw"]

# The default of hnswlib.
NEIGHBOURS = 16

HEAD = struct.Struct("<IIII")


@dataclass(slots=True)
class CpuAnn:
    """A FAISS index over reduced vectors.

    "scan" scans 4-bit codes, one a dimension, in the CPU's registers (André et al. 2017);
    "ivf" does so in the lists nearest to the query; "hnsw" walks a graph over 8-bit vectors.
    """

    name: CpuAnnName
    reduction: Reduction
    faiss_index: Any
    longest: float
    """For "hnsw": the squared length of all vectors after padding."""
    order: RowNumbers32
    """The row numbers of its first places; all later places are row numbers themselves."""

    on_gpu: ClassVar[bool] = False

    def __len__(self) -> int:
        return int(self.faiss_index.ntotal)

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
        count = int(self.faiss_index.nlist)
        return (*(1 << power for power in range(11) if 1 << power < count), count)

    def add(self, vectors: Vectors, rows: RowNumbers32 | None = None) -> None:
        """Append vectors; with `rows`, under those row numbers, if none was added without."""
        self.faiss_index.add(self.reduce(vectors))
        if rows is not None:
            self.order = np.concatenate([self.order, rows])

    def arrange(self, cells: Ids) -> None:
        """Lay rows of one cell next to each other; all rows were added with their numbers."""
        order = np.argsort(cells, kind="stable")
        self.faiss_index.permute_entries(order)
        self.order = self.order[order]

    def candidates(self, queries: Vectors, depth: int, effort: int) -> RowNumbers:
        """Propose rows by the reduced queries."""
        reduced_queries = self.reduction.queries(queries)
        if self.name == "hnsw":
            reduced_queries = np.column_stack(
                [reduced_queries, np.zeros(len(reduced_queries), np.float32)]
            )
        parameters = self.parameters(depth, effort)
        return rows_at(
            self.faiss_index.search(reduced_queries, depth, params=parameters)[1], self.order
        )

    def parameters(self, depth: int, effort: int) -> Any:
        """Return FAISS's search parameters for so many candidates with this effort."""
        if self.name == "hnsw":
            return faiss.SearchParametersHNSW(efSearch=max(effort, depth))
        if self.name == "ivf":
            return faiss.SearchParametersIVF(nprobe=effort)
        return None

    def refiner(self, rows: Any) -> "FaissRefiner | None":
        """Return FAISS's own refinement in one call, or None for a graph."""
        if self.name == "hnsw":  # its places are not row numbers
            return None
        maps = faiss.LinearTransform(*self.reduction.for_queries.shape, False)
        weights = np.ascontiguousarray(self.reduction.for_queries.T)
        faiss.copy_array_to_vector(weights.ravel(), maps.A)
        maps.is_trained = True
        return FaissRefiner(
            self, faiss.IndexRefine(faiss.IndexPreTransform(maps, self.faiss_index), rows)
        )

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
                faiss.serialize_index(self.faiss_index).tobytes(),
            )
        )

    def reduce(self, vectors: Vectors) -> Vectors:
        """Return vectors (n, width) as the FAISS index takes them."""
        reduced_vectors = self.reduction.vectors(vectors)
        if self.name != "hnsw":
            return reduced_vectors
        # One more number brings all vectors to one length: the nearest by distance, for which
        # graphs are built well, then have the greatest product (Bachrach et al. 2014).
        missing = np.maximum(
            self.longest - np.einsum("nw,nw->n", reduced_vectors, reduced_vectors), 0
        )
        return np.ascontiguousarray(
            np.column_stack([reduced_vectors, np.sqrt(missing)]), np.float32
        )


@dataclass(frozen=True, slots=True)
class FaissRefiner:
    """An ANN index and exact ranking in one call of FAISS: a third of the time of two calls.

    It covers the rows that existed when it was made, dead ones among them.
    """

    ann: CpuAnn
    faiss_index: Any

    def best(self, queries: Vectors, k: int, depth: int, effort: int) -> tuple[RowNumbers, Scores]:
        """Return the best k of `depth` candidates: rows and scores, both (q, k), -1 pads."""
        inner = self.ann.parameters(depth, effort)
        parameters = faiss.IndexRefineSearchParameters(
            k_factor=(depth + 0.5) / k,
            base_index_params=inner and faiss.SearchParametersPreTransform(index_params=inner),
        )
        scores, rows = self.faiss_index.search(queries, k, params=parameters)
        return rows, scores


def graph_bytes(width: int) -> float:
    """Return the memory of a graph for each vector of so many 8-bit numbers."""
    return width + 4 * 2 * NEIGHBOURS * 1.1


def load_ann(payload: bytes | memoryview) -> CpuAnn:
    """Return the ANN index that `dump` wrote; the caller has verified its checksum.

    Raises:
        IndexDamaged: this FAISS can't read the bytes.
    """
    try:
        full, width, letters, order_length = HEAD.unpack_from(payload)
        at = HEAD.size + letters
        name = bytes(payload[HEAD.size : at]).decode(errors="replace")
        if name not in get_args(CpuAnnName):
            raise ValueError("another version of Limn wrote it")
        longest = float(np.frombuffer(payload, "<f4", 1, at)[0])
        arrays = []
        at += 4
        for shape in ((full,), (full, width), (full, width)):
            count = int(np.prod(shape))
            arrays.append(np.frombuffer(payload, "<f4", count, at).reshape(shape).copy())
            at += 4 * count
        order = np.frombuffer(payload, "<i4", order_length, at).astype(np.int32)
        at += 4 * order_length
        index = faiss.deserialize_index(np.frombuffer(payload, np.uint8, offset=at))
    except (RuntimeError, ValueError, struct.error) as error:
        raise IndexDamaged(
            "ann-index-unreadable",
            "the ANN index can't be read ({error}); build it again",
            error=error,
        ) from error
    reduction = Reduction(*arrays)
    return CpuAnn(name, reduction, index, longest, order)  # type: ignore[arg-type]
