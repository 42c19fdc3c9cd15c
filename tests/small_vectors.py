"""Small vectors distributed like photographs' embeddings, and a store's recall over them."""

from collections.abc import Callable

import numpy as np

from search.records import Ids, Vectors
from search.stores import VectorStore
from search.stores.faiss_store.float16 import to_float32

WIDTH = 32
ROWS = 6_000


def like_photographs(count: int, seed: int = 0) -> Vectors:
    """Return unit rows around 200 subjects, with few strong directions, as embeddings have."""
    random = np.random.default_rng(seed)
    subjects = np.random.default_rng(99).standard_normal((200, WIDTH))
    rows = subjects[random.integers(0, 200, count)] + 0.6 * random.standard_normal((count, WIDTH))
    rows *= np.linspace(1.5, 0.2, WIDTH)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return np.ascontiguousarray(rows, np.float32)


PICTURES = like_photographs(ROWS)
TEXTS = like_photographs(1_500, seed=1)


def meanwhile(name: str, change: Callable[[], object]) -> Callable[[str], None]:
    """Return a planner's listener that runs `change` when a build begins."""

    def say(told: str) -> None:
        if told.startswith(f"building {name}"):
            change()

    return say


def recall(store: VectorStore, queries: Vectors, held: Ids, allowed: Ids | None = None) -> float:
    """Return a store's recall of the best ten; check every answer's score too."""
    found, scores = store.search(queries, 10, allowed)
    assert np.isin(found[found >= 0], held).all(), "a ghost"
    if allowed is not None:
        assert np.isin(found[found >= 0], allowed).all(), "not allowed"
    expected = np.einsum("qw,qkw->qk", queries, to_float32(PICTURES.astype(np.float16))[found])
    np.testing.assert_allclose(scores[found >= 0], expected[found >= 0], atol=1e-3)
    rows = held if allowed is None else np.intersect1d(held, allowed)
    best = rows[np.argsort(-(queries @ PICTURES[rows].T), axis=1)[:, :10]]
    return float(
        np.mean([np.isin(ours, got).mean() for ours, got in zip(best, found, strict=True)])
    )
