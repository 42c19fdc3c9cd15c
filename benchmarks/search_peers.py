"""Other engines behind one face: build over vectors, then answer one query at a setting."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import faiss
import numpy as np

from search.records import Device, Ids, QueryKind, Vectors
from search.stores.faiss_store.ann import PlannedAnn
from search.stores.faiss_store.store import FaissStore
from search.stores.planner.gpu import planner_of
from search.stores.planner.plan import IndexOptions

Answer = Callable[[Vectors, int, QueryKind], Ids]
"""Queries (q, width), a setting, and what they were made from -> ids (q, 10)."""


@dataclass(frozen=True, slots=True)
class Built:
    """An index: how it answers, the settings to sweep, and what it holds for each vector.

    One that settles its own setting has 0 for it, and may be `swept` like the others besides.
    """

    answer: Answer
    settings: Sequence[int]
    bytes_per_vector: float
    told: str = ""
    swept: Sequence[int] = ()


Build = Callable[[Vectors, Vectors, Device], Built]
"""From vectors, texts to learn from, and where to compute."""

DEPTHS = (10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)


def limn(store_name: str) -> Build:
    """Limn's store at the depth that its planner has settled, and swept as the others are."""

    def build(vectors: Vectors, texts: Vectors, device: Device) -> Built:
        store = FaissStore(vectors.shape[1], device)
        for start in range(0, len(vectors), 50_000):
            part = vectors[start : start + 50_000]
            store.put(np.arange(start, start + len(part)), part)
        plan = None
        if store_name != "exact":
            options = IndexOptions(store_name)
            plan = planner_of(store, options)(store, texts, options, lambda _: None).run()
        staged = store.ann

        now = (0, "")

        def answer(queries: Vectors, depth: int, kind: QueryKind) -> Ids:
            nonlocal now
            if staged is not None and depth and (depth, kind) != now:
                now = (depth, kind)
                settled = staged.plan.depth(kind)
                if staged.plan.store in ("hnsw", "cagra"):
                    at = replace(settled, effort=depth, of_10=min(depth, settled.of_10))
                else:
                    at = replace(settled, of_10=depth)
                plan = replace(staged.plan, text=at, picture=at)
                store.activate(PlannedAnn(staged.index, plan), store.generation)
            return store.search(queries, 10, kind=kind)[0]

        return Built(
            answer,
            (0,),
            store.in_memory_bytes / len(vectors),
            "" if plan is None else f"{plan.store}; {'; '.join(plan.reasons)}",
            DEPTHS if staged is not None else (),
        )

    return build


def hnswlib(vectors: Vectors, _: Vectors, __: Device) -> Built:
    """Build hnswlib's index with its usual M of 16 and construction depth of 200."""
    import hnswlib as peer

    index = peer.Index("ip", vectors.shape[1])
    index.init_index(len(vectors), M=16, ef_construction=200)
    index.add_items(vectors, num_threads=faiss.omp_get_max_threads())

    def answer(queries: Vectors, depth: int, _: QueryKind) -> Ids:
        index.set_ef(depth)
        return np.asarray(index.knn_query(queries, 10, num_threads=1)[0], np.int64)

    return Built(answer, DEPTHS, vectors.shape[1] * 4 + 16 * 2 * 4 + 16)


def usearch(vectors: Vectors, _: Vectors, __: Device) -> Built:
    """USearch over float16."""
    from usearch.index import Index

    index = Index(ndim=vectors.shape[1], metric="ip", dtype="f16", connectivity=16)
    index.add(np.arange(len(vectors)), vectors, threads=faiss.omp_get_max_threads())

    def answer(queries: Vectors, depth: int, _: QueryKind) -> Ids:
        index.expansion_search = depth
        found: Any = index.search(queries, 10, threads=1)
        return np.asarray(found.keys, np.int64).reshape(len(queries), -1)

    return Built(answer, DEPTHS, index.memory_usage / len(vectors))


def faiss_of(factory: str, size: float) -> Build:
    """Plain FAISS, as its factory makes it."""

    def build(vectors: Vectors, _: Vectors, device: Device) -> Built:
        index: Any = faiss.index_factory(vectors.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
        if device == "cuda":
            index = faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), 0, index)
        graph = "HNSW" in factory
        index.train(vectors[:: max(1, len(vectors) // 100_000)])
        index.add(vectors)

        def answer(queries: Vectors, depth: int, _: QueryKind) -> Ids:
            if graph:
                index.hnsw.efSearch = depth
            elif "IVF" in factory:
                index.nprobe = depth
            found: Ids = index.search(queries, 10)[1]
            return found

        swept = DEPTHS if graph else ((1, 2, 4, *DEPTHS) if "IVF" in factory else (0,))
        return Built(answer, swept, size * vectors.shape[1] + (8 if "IVF" in factory else 0))

    return build


def lancedb(vectors: Vectors, _: Vectors, __: Device) -> Built:
    """LanceDB's IVF with product quantisation, refined from the vectors on disk."""
    import lancedb as peer
    import pyarrow as pa

    folder = tempfile.TemporaryDirectory(prefix="limn-lance-")
    width = vectors.shape[1]
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), width)
    rows = pa.table({"id": np.arange(len(vectors)), "vector": column})
    table = peer.connect(folder.name).create_table("vectors", rows)
    lists = max(1, int(len(vectors) ** 0.5))
    table.create_index(metric="dot", num_partitions=lists, num_sub_vectors=width // 8)

    def answer(queries: Vectors, depth: int, _: QueryKind, _kept: object = folder) -> Ids:
        found = [
            table.search(each).distance_type("dot").nprobes(depth).refine_factor(20).limit(10)
            for each in queries
        ]
        return np.array([each.select(["id"]).to_arrow()["id"].to_numpy() for each in found])

    return Built(answer, (4, 8, 16, 32, 64, 128, 256), width / 8)


PEERS: dict[str, Build] = {
    "limn": limn("auto"),
    "limn-exact": limn("exact"),
    "limn-ivf": limn("ivf"),
    "limn-hnsw": limn("hnsw"),
    "limn-cagra": limn("cagra"),
    "hnswlib": hnswlib,
    "usearch": usearch,
    "faiss-hnsw": faiss_of("HNSW32", 4.7),
    "faiss-ivf": faiss_of("IVF1024,SQfp16", 2),
    "faiss-flat": faiss_of("Flat", 4),
    "lancedb": lancedb,
}

ELSEWHERE: dict[Device, tuple[str, ...]] = {
    "cpu": ("limn-cagra",),
    "cuda": ("limn-hnsw", "hnswlib", "usearch", "faiss-hnsw", "lancedb"),
}
"""What there is on the other device alone."""
