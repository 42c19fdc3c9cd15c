"""ANN indexes on a GPU: lists of float16 rows, or CAGRA's graph. Candidates are refined apart.

CAGRA's graph (Ootomo et al. 2023) can't grow, so a flat index takes the rows that came since.
Neither gets a filter: FAISS's GPU indexes ignore selectors without an error.
"""

from collections.abc import Sequence
from typing import Any, Literal, get_args

import faiss as faiss_module
import numpy as np

from search.batching import Batcher
from search.records import Vectors
from search.stores.faiss_store.ann import NONE, RowNumbers32, lists, rows_at
from search.stores.faiss_store.gpu import MAX_K, flat_index, on_first, resources
from search.stores.faiss_store.row_ids import RowNumbers
from search.stores.validation import Rows16

# A build without GPU code lacks half of these names.
faiss: Any = faiss_module

GpuAnnName = Literal["ivf", "cagra"]
GPU_ANN_NAMES: tuple[GpuAnnName, ...] = get_args(GpuAnnName)

# The longest queue with which cuVS walks the graph by one block of threads a query.
MAX_QUEUE = 512

Request = tuple[Vectors, int, int]
"""Queries (q, width), the number of candidates for each, and the effort."""


class GpuAnn:
    """An index on a GPU that proposes rows, and another of the rows that the first can't take.

    Concurrent calls are answered in one, for FAISS's GPU resources allow one at a time.
    A lack of room, or a failure that a program survives, is one of `gpu.FAILURES`.
    """

    on_gpu = True
    ns_per_candidate = 200.0

    def __init__(
        self, name: GpuAnnName, index: Any, tail: Any = None, order: RowNumbers32 = NONE
    ) -> None:
        """Take an `index` that may have rows, numbered by `order`, and a `tail` for all others."""
        self.name: GpuAnnName = name
        self._index = index
        self._tail = tail
        self._order = order
        self._batcher = Batcher(self._answer)

    def __len__(self) -> int:
        return int(self._index.ntotal) + (int(self._tail.ntotal) if self._tail is not None else 0)

    @property
    def bytes_per_row(self) -> float:
        """Return the main memory of a row's place in the order; the rest is on the GPU."""
        return self._order.nbytes / max(1, len(self))

    @property
    def most_candidates(self) -> int:
        """Return the limit of FAISS's selection, or of CAGRA's queue."""
        return MAX_K if self.name == "ivf" else MAX_QUEUE

    @property
    def efforts(self) -> Sequence[int]:
        """Return queue lengths for "cagra", numbers of lists for "ivf"."""
        if self.name == "cagra":
            return (64, 128, 256, MAX_QUEUE)
        return tuple(1 << power for power in range(11) if 1 << power <= self._index.nlist)

    def add(self, vectors: Vectors, rows: RowNumbers32 | None = None) -> None:
        """Append vectors; with `rows`, under those row numbers, if none was added without."""
        (self._index if self._tail is None else self._tail).add(vectors)
        if rows is not None:
            self._order = np.concatenate([self._order, rows])

    def candidates(self, queries: Vectors, depth: int, effort: int) -> RowNumbers:
        """Propose rows, in one call with the queries of other threads."""
        return self._batcher.ask((queries, depth, effort))

    def refiner(self, rows: Any) -> None:
        """Return None: the exact rows are in main memory."""
        return None

    def dump(self) -> bytes:
        """Return nothing: building again is quicker than reading all rows once more."""
        return b""

    def _answer(self, requests: list[Request]) -> list[RowNumbers]:
        queries = np.concatenate([each for each, _, _ in requests])
        depth = min(max(depth for _, depth, _ in requests), self.most_candidates)
        effort = max(effort for _, _, effort in requests)
        parameters = self._parameters(depth, effort)
        kind = faiss.Float16 if self.name == "cagra" else faiss.Float32  # as it was trained
        places = self._index.search(queries, depth, params=parameters, numeric_type=kind)[1]
        if self._tail is not None and self._tail.ntotal:
            newer = self._tail.search(queries, min(depth, int(self._tail.ntotal)))[1]
            newer = np.where(newer < 0, -1, newer + self._index.ntotal)
            places = np.concatenate([places, newer], axis=1)
        ends = np.cumsum([len(each) for each, _, _ in requests])
        return np.split(rows_at(places, self._order), ends[:-1])

    def _parameters(self, depth: int, effort: int) -> Any:
        if self.name == "ivf":
            return faiss.SearchParametersIVF(nprobe=min(effort, self._index.nlist, MAX_K))
        return faiss.SearchParametersCagra(itopk_size=min(max(depth, effort), MAX_QUEUE))


def open_gpu_ivf(rows: int, sample: Vectors) -> GpuAnn:
    """Return empty lists for about `rows` rows of float16, trained on a sample.

    Raises:
        RuntimeError, MemoryError: the GPU has no room or does not answer.
    """
    width = sample.shape[1]
    config = on_first(faiss.GpuIndexIVFScalarQuantizerConfig())
    config.use_cuvs = False  # cuVS has no scalar quantizer
    index = faiss.GpuIndexIVFScalarQuantizer(
        *(resources(), width, lists(rows, len(sample))),
        *(faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT, False, config),
    )
    index.train(sample)
    return GpuAnn("ivf", index)


def open_gpu_cagra(vectors: Rows16, rows: RowNumbers32) -> GpuAnn:
    """Return a graph over vectors (n, width) and their row numbers; add all others after.

    Raises:
        RuntimeError, MemoryError: as `open_gpu_ivf`.
    """
    width = vectors.shape[1]
    config = on_first(faiss.GpuIndexCagraConfig())
    index = faiss.GpuIndexCagra(resources(), width, faiss.METRIC_INNER_PRODUCT, config)
    index.train(vectors, numeric_type=faiss.Float16)
    return GpuAnn("cagra", index, flat_index(width), rows)


def missing(name: GpuAnnName) -> str:
    """Return why this build of FAISS can't make such an index; empty if it can."""
    if name == "cagra" and not hasattr(faiss, "GpuIndexCagra"):
        return "cagra needs faiss-gpu-cuvs in place of faiss-gpu or faiss-cpu"
    return ""
