"""Map layout: neighbours from the collection's own store, placed by openTSNE.

t-SNE (van der Maaten and Hinton 2008) with the FFT interpolation of Linderman et al. 2019.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from search.errors import BadSetting
from search.library.map_file import Places
from search.packages.installing import install_extra
from search.records import Ids, Vectors
from search.stores import VectorStore

# Neighbours of each picture: enough for parts to hold together. t-SNE's perplexity is a third.
NEIGHBOURS = 30

# The values that openTSNE's authors recommend; with more, a map changes little.
EARLY_STEPS, STEPS = 250, 500
REPORT_EVERY = 25

# Under this the exact gradient by trees is quicker than by interpolation.
FEW = 10_000

# Queries at a time: their scores for all pictures are in memory at once.
BATCH = 512

Report = Callable[[float], None]
"""A function that receives the share that is done; its exception ends the work."""


def lay_out(store: VectorStore, ids: Ids, vectors: Vectors, report: Report) -> Places:
    """Return the places (n, 2) of the pictures of a store.

    Raises:
        BadSetting: openTSNE is not installed.
    """
    if len(ids) <= 3:
        return np.linspace([0.25, 0.5], [0.75, 0.5], len(ids), dtype=np.float32)
    near, distances = _neighbours(store, ids, vectors, lambda share: report(share / 3))
    return _fit(_embed(vectors, near, distances, lambda share: report(1 / 3 + share * 2 / 3)))


def _neighbours(store: VectorStore, ids: Ids, vectors: Vectors, report: Report) -> tuple[Any, Any]:
    """Return each picture's neighbours as rows (n, k), without itself, and their distances."""
    k = min(NEIGHBOURS, len(ids) - 1)
    rows = np.empty((len(ids), k), dtype=np.int32)
    distances = np.empty((len(ids), k), dtype=np.float64)
    for start in range(0, len(ids), BATCH):
        part = slice(start, start + BATCH)
        neighbours, scores = store.search(vectors[part], k + 1)
        places = np.searchsorted(ids, neighbours)
        mine = neighbours == ids[part][:, None]
        mine[~mine.any(axis=1), -1] = True  # its copies come first: drop the last one
        rows[part] = places[~mine].reshape(-1, k)
        distances[part] = 1 - scores[~mine].reshape(-1, k)
        report(min(1.0, (start + BATCH) / len(ids)))
    return rows, np.sqrt(2 * np.clip(distances, 0, None))


def _embed(vectors: Vectors, near: Any, distances: Any, report: Report) -> Any:
    try:
        from openTSNE import TSNEEmbedding
        from openTSNE.affinity import PerplexityBasedNN
        from openTSNE.initialization import pca
        from openTSNE.nearest_neighbors import PrecomputedNeighbors
    except ImportError as error:
        raise package_missing() from error
    affinities = PerplexityBasedNN(
        knn_index=PrecomputedNeighbors(near, distances),
        perplexity=near.shape[1] / 3,
        n_jobs=_threads(len(vectors)),
    )
    embedding = TSNEEmbedding(
        pca(vectors, random_state=0),
        affinities,
        negative_gradient_method="bh" if len(vectors) < FEW else "fft",
        random_state=0,
        n_jobs=_threads(len(vectors)),
    )
    whole = EARLY_STEPS + STEPS
    for steps, before, exaggeration, momentum in (
        (EARLY_STEPS, 0, 12, 0.5),
        (STEPS, EARLY_STEPS, None, 0.8),
    ):
        embedding.optimize(
            steps,
            exaggeration=exaggeration,
            momentum=momentum,
            inplace=True,
            callbacks=lambda step, *_, before=before: report((before + step) / whole),
            callbacks_every_iters=REPORT_EVERY,
        )
    return np.asarray(embedding)


def _threads(pictures: int) -> int:
    """Return the number of threads: for few pictures, threads wait longer than they work."""
    return 1 if pictures < FEW else -1


def _fit(places: Any) -> Places:
    """Return the places moved into a square from 0 to 1, with their aspect ratio."""
    low, high = places.min(axis=0), places.max(axis=0)
    span = max(float((high - low).max()), 1e-9)
    middle = (low + high) / 2
    return np.ascontiguousarray((places - middle) / (span * 1.04) + 0.5, dtype=np.float32)


def package_missing() -> BadSetting:
    """Return the error for an installation without the extra `map`."""
    return BadSetting(
        "package-missing-map",
        "maps are laid out with openTSNE: {install}",
        install=install_extra("map"),
    )
