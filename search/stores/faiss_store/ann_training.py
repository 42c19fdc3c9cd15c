"""The training of ANN indexes on the CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import faiss as faiss_module
import numpy as np

from search.records import Vectors
from search.stores.faiss_store.ann import NONE, lists
from search.stores.faiss_store.ann_cpu import NEIGHBOURS, CpuAnn, CpuAnnName
from search.stores.faiss_store.reduction import reduce

# FAISS's stubs know neither keyword arguments nor the members of an index from a factory.
faiss: Any = faiss_module

# Codes are trained on this many rows; FAISS's own limit for 16 centroids is 4,096.
TRAINED_ON = 20_000

# Among a million vectors, twice a depth of 120 saved a quarter of the time of a query, and took
# twice as long to build.
BUILD_DEPTH = 130


def train(
    name: CpuAnnName,
    sample: Vectors,
    queries: tuple[Vectors, ...],
    width: int,
    rows: int,
) -> CpuAnn:
    """Return an empty ANN index for about `rows` rows, trained on a sample and on queries."""
    width = min(width, sample.shape[1])
    if name == "hnsw":
        # `CpuAnn.reduce` appends a number, and `width` fills whole registers: one number more took
        # three times as long.
        reduction = reduce(sample, queries, width - 1).restore_distances()
    else:
        reduction = reduce(sample, queries, width)
    reduced_sample = reduction.vectors(sample[:TRAINED_ON])
    longest = float(np.einsum("nw,nw->n", reduced_sample, reduced_sample).max())
    index = _empty(name, width, lists(rows, len(reduced_sample)))
    ann = CpuAnn(name, reduction, index, longest, NONE)
    # Training runs thousands of very short steps. Where other programs use the cores, FAISS's
    # threads wait for each other, spinning, at every step: a second became over ten minutes.
    with one_thread():
        index.train(ann.reduce(sample[:TRAINED_ON]))
    return ann


@contextmanager
def one_thread() -> Iterator[None]:
    """Let FAISS use the calling thread alone inside the block."""
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def _empty(name: CpuAnnName, width: int, list_count: int) -> Any:
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
